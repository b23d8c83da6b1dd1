/// Logs a line of the server as an event with the target `conclib::redis`: of level DEBUG if the line has the mark of a notice,
/// else of level INFO. A line is `pid:role day month year time mark text`.
pub(crate) fn log_line(pid: u32, _stream: &str, line: &str) {
    match line.splitn(7, ' ').collect::<Vec<_>>()[..] {
        [_, _, _, _, _, "#", text] => tracing::info!(target: "conclib::redis", pid, "{text}"),
        [_, _, _, _, _, "*" | "-" | ".", text] => {
            tracing::debug!(target: "conclib::redis", pid, "{text}");
        }
        _ => tracing::info!(target: "conclib::redis", pid, "{line}"),
    }
}
