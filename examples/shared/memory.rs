//! What memory a program has, as Linux tells. In: a process, the name of a field. Out: KiB. Must not know: what it is for.

/// A field of `/proc/PROCESS/status`, such as `VmHWM:`; none elsewhere than on Linux.
pub fn memory(process: &str, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}
