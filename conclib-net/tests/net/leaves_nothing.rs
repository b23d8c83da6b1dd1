//! Open files are counted for the whole process, so this test is alone in one.

use crate::house::{House, doubles, soon, until};
use conclib::spi::Broker as _;
use tokio::io::AsyncWriteExt as _;

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[support::test(alone)]
async fn no_file_stays_open_whatever_a_connection_ended_by() {
    let house = House::new();
    let before = open_files();
    for _ in 0..20 {
        let broker = house.open().await;
        let clients = [house.client().await, house.client().await];
        let mut bad = house.raw().await;
        bad.write_all(&[0xFF; 4]).await.unwrap();
        drop(house.raw().await);
        let half = tokio::net::UnixStream::connect(&house.path).await.unwrap();
        for client in &clients {
            assert!(doubles(client, 1).await);
        }
        let [first, second] = clients;
        soon(first.close()).await;
        drop((bad, half));
        soon(broker.close()).await;
        soon(second.close()).await;
    }
    until(|| open_files() == before).await;
}
