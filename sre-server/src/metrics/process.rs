//! What the kernel says of this process, under the names that every exporter uses.

use std::fs;

use super::page::{Kind, Page};

/// Writes what can be read; elsewhere than on Linux that is nothing.
pub(super) fn write(page: &mut Page) {
    let memory = fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| resident_bytes(&status));
    if let Some(bytes) = memory {
        let text = "Memory of this process that is held in RAM, in bytes.";
        page.family("process_resident_memory_bytes", Kind::Gauge, text)
            .count(&[], bytes);
    }
    if let Ok(descriptors) = fs::read_dir("/proc/self/fd") {
        // One of them is the directory that is being read.
        let count = descriptors.count().saturating_sub(1);
        page.family("process_open_fds", Kind::Gauge, "Open file descriptors.")
            .count(&[], count as u64);
    }
}

/// `VmRSS:     1234 kB`
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line
        .trim()
        .strip_suffix("kB")?
        .trim()
        .parse()
        .ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_status_of_the_process() {
        let status = "Name:\tsre-monitor\nVmRSS:\t    1234 kB\nThreads:\t3\n";
        assert_eq!(resident_bytes(status), Some(1_263_616));
        assert_eq!(resident_bytes("Name:\tx\n"), None);
        assert_eq!(resident_bytes("VmRSS:\tmany kB\n"), None);
    }
}
