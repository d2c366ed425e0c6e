//! The figures of a run, side by side.

use super::measure::Figures;

/// One number of rules.
pub struct Row {
    pub size: usize,
    pub origin: &'static str,
    pub figures: Figures,
    /// What the sketch did in the same run, in events a second.
    pub sketch: Option<f64>,
}

/// Other engines on rulegen's rules, in events a second for each of the sizes, beside what the sketch
/// did that day on that machine: they are compared through it.
const PEERS: [(&str, [f64; 4]); 2] = [
    ("quamina", [47_100.0, 14_400.0, 284.0, 19.0]),
    ("AWS event-ruler", [15_000.0, 19_900.0, 5_510.0, 901.0]),
];
const SKETCH: [f64; 4] = [53_700.0, 56_700.0, 47_700.0, 44_500.0];

/// Prints all of it.
pub fn print(rows: &[Row]) {
    println!(
        "rules and events: {}",
        rows.first().map_or("", |row| row.origin)
    );
    println!(
        "{:>8} {:>9} {:>8} {:>8} {:>8} {:>8} {:>9} {:>8} {:>9} {:>11} {:>10}",
        "rules",
        "events/s",
        "p50 µs",
        "p99 µs",
        "÷ read",
        "÷ tree",
        "÷ in turn",
        "p50 ÷ 10",
        "mean ÷ 10",
        "compiled ms",
        "over 10 MiB"
    );
    let Some(few) = rows.first().map(|row| &row.figures) else {
        return;
    };
    for row in rows {
        let of = &row.figures;
        // The median is moved least by what else the machine does; the mean counts every event.
        let (median, mean) = (of.p50_us / few.p50_us, few.index / of.index);
        println!(
            "{:>8} {:>9.0} {:>8.1} {:>8.1} {:>8.2} {:>8.1} {:>9.0} {:>8.2} {:>9.2} {:>11.0} {:>10.1}",
            row.size,
            of.index,
            of.p50_us,
            of.p99_us,
            of.index / of.read,
            of.index / of.tree,
            of.index / of.plain,
            median,
            mean,
            of.compile_ms,
            (of.memory_kib - few.memory_kib) as f64 / 1024.0
        );
    }
    for (name, theirs) in PEERS {
        let beside = rows.iter().zip(theirs).zip(SKETCH);
        let times = beside.filter_map(|((row, theirs), sketch_then)| {
            let ours = row.figures.index / row.sketch?;
            Some(format!("{:.2}", ours / (theirs / sketch_then)))
        });
        let times: Vec<String> = times.collect();
        if !times.is_empty() {
            println!("times {name}, through the sketch: {}", times.join(" / "));
        }
    }
}
