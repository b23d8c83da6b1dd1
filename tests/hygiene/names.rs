//! Parameters with the names of local variables in the expansion, and raw
//! identifiers.

use conclib::prelude::*;

#[message(reply = String)]
struct Raw {
    r#type: String,
}

#[actor]
struct Names;

#[actor]
impl Names {
    #[message]
    fn r#type(&self, r#match: String) -> String {
        r#match
    }

    #[handler]
    fn raw(&mut self, Raw { r#type }: Raw) -> String {
        r#type
    }

    #[message]
    #[expect(clippy::too_many_arguments, reason = "they are names")]
    fn names(
        &self,
        message: u8,
        reply: u8,
        request: u8,
        answer: u8,
        life: u8,
        error: u8,
        marker: u8,
        ctx: &mut Context<Self>,
    ) -> u8 {
        assert!(ctx.sender().is_none());
        message + reply + request + answer + life + error + marker
    }

    #[message]
    fn ctx(&self, ctx: u8) -> u8 {
        ctx
    }

    #[message]
    fn _self(&self) -> u8 {
        1
    }

    #[message]
    fn _1(&self) -> u8 {
        2
    }

    #[message]
    fn __(&self) -> u8 {
        3
    }
}

#[tokio::test]
async fn they_run() {
    let system = System::new("names");
    let actor = system.spawn(Names).unwrap();
    assert_eq!(actor.r#type("a".into()).await.unwrap(), "a");
    assert_eq!(NamesType::NAME, "type");
    let raw = Raw { r#type: "b".into() };
    assert_eq!(serde_json::to_string(&raw).unwrap(), r#"{"type":"b"}"#);
    assert_eq!(actor.ask(raw).await.unwrap(), "b");
    assert_eq!(actor.names(1, 1, 1, 1, 1, 1, 1).await.unwrap(), 7);
    assert_eq!(actor.ctx(4).await.unwrap(), 4);
    assert_eq!(actor._self().await.unwrap(), 1);
    assert_eq!(actor._1().await.unwrap(), 2);
    assert_eq!(actor.__().await.unwrap(), 3);
}
