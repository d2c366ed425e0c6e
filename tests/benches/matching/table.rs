//! The figures of a run, side by side.

use super::measure::Figures;

/// One number of rules.
pub struct Row {
    pub size: usize,
    pub origin: &'static str,
    pub figures: Figures,
    pub sketch: Option<f64>,
}

/// Prints all of it.
pub fn print(rows: &[Row]) {
    for row in rows {
        let f = &row.figures;
        println!(
            "{:>7} rules ({}): compiled in {:.0} ms, {:.1} MiB; {:.0} events/s (p50 {:.1} µs, p99 {:.1} µs), \
             {:.2} x reading alone, {:.2} x tree alone; {} matches; sketch {:?} ({:.2})",
            row.size,
            row.origin,
            f.compile_ms,
            f.memory_kib as f64 / 1024.0,
            f.index,
            f.p50_us,
            f.p99_us,
            f.index / f.read,
            f.index / f.tree,
            f.matches,
            row.sketch,
            f.index / row.sketch.unwrap_or(f64::NAN)
        );
    }
}
