//! An actor for each websocket: what comes in by the socket is a turn of its
//! own, as a message is.
//!
//! `cargo run --example actorio_ws_echo` says where it listens.
#![allow(clippy::print_stdout, reason = "a program")]

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use conclib::prelude::*;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;

#[actor]
struct Echo {
    frames: Option<SplitStream<WebSocket>>,
    out: SplitSink<WebSocket, Frame>,
}

#[actor]
impl Echo {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) {
        if let Some(frames) = self.frames.take() {
            ctx.attach(frames, |frame| EchoFrame { frame });
        }
    }

    #[message(local)]
    async fn frame(
        &mut self,
        frame: Option<Result<Frame, axum::Error>>,
        ctx: &mut Context<Self>,
    ) -> Result<(), axum::Error> {
        match frame {
            Some(Ok(Frame::Text(text))) => {
                println!("{text}");
                self.out.send(Frame::Text(text)).await?;
            }
            // Another frame, an error, or the end.
            _ => ctx.stop(),
        }
        Ok(())
    }

    #[on(stop)]
    async fn stop(&mut self) {
        // The error is ignored: the client may have left.
        let _ = self.out.close().await;
    }
}

async fn connect(State(system): State<System>, socket: WebSocketUpgrade) -> Response {
    socket.on_upgrade(|socket| serve(system, socket))
}

async fn serve(system: System, socket: WebSocket) {
    let (out, frames) = socket.split();
    let frames = Some(frames);
    if let Ok(echo) = system.spawn(Echo { frames, out }) {
        echo.stopped().await;
        println!("closed");
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("ws://{}", listener.local_addr()?);
    let app = Router::new().route("/", get(connect));
    axum::serve(listener, app.with_state(System::new("echo"))).await?;
    Ok(())
}
