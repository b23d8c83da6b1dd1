//! Examples that need a Redis server.

use super::{normal, said};

#[support::test]
fn orders_survive_a_kill_of_the_server_and_of_their_handler() -> conclib::Result {
    let lines = said("redis_durable", &[])?;
    let lines: Vec<_> = lines.iter().map(|line| normal(line)).collect();
    let expected = [
        "stored:   orders 1 to 50; nothing handles them yet",
        "kill -9:  process N, the server; it is started again",
        "stored:   orders 51 to 100",
        "handled:  29 orders, by process N",
        "kill -9:  process N, in the turn of order 30",
        "handled:  the others, by process N; order 30 in attempt 2",
        "the end:  0 orders lost, 0 handled twice unknowingly",
    ];
    assert_eq!(lines, expected);
    Ok(())
}
