//! The whole engine in a program, over the store in memory.

use std::sync::Arc;

use sre_core::monitor::Monitor;
use sre_core::slo::Slo;
use sre_store_memory::MemoryStore;

fn slo(service: &str) -> Slo {
    Slo::builder(service, "availability")
        .target_percentage("99.9")
        .expect("a target")
        .build()
        .expect("a definition")
}

/// Samples are told apart by service, metric, labels and instant: counts of two recorders would replace
/// each other.
#[test]
fn all_parts_of_a_program_count_an_slo_by_one_recorder() {
    let monitor = Monitor::builder(Arc::new(MemoryStore::new())).build();
    let recorder = |slo| {
        monitor
            .recorder(&slo)
            .expect("it counts a metric")
    };
    let (one, same) = (recorder(slo("checkout")), recorder(slo("checkout")));
    let other = recorder(slo("basket"));
    assert!(Arc::ptr_eq(&one, &same));
    assert!(!Arc::ptr_eq(&one, &other));
}
