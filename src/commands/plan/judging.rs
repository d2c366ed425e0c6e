//! Stored events before both rule sets, page by page and on all cores.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::operator::{Answer, Operator, Question};
use crate::plan::{Difference, compare, plan};
use crate::runtime::{Step, Timestamp};
use crate::stores::{EventQuery, LIST_MAX, WholePage};

use super::super::output::{Failure, Output};
use super::super::progress::Progress;
use super::super::show::mismatch;
use super::sets::Sets;
use super::tally::Tally;

/// Pages that are judged at once: more cores than these are left to others.
const PAGES_MAX: usize = 8;
/// How much later than its event was received an id may have been given to it.
const ID_SLACK: Duration = Duration::from_mins(5);

/// Which events are asked about.
#[derive(Debug)]
pub(super) struct Asked {
    /// Only those received since then.
    pub(super) since: Option<Timestamp>,
    /// At most so many.
    pub(super) limit: usize,
    /// Only those of this source.
    pub(super) source: Option<String>,
    /// Only what differs in this rule.
    pub(super) rule: Option<String>,
    /// Whether a person reads what comes of it.
    pub(super) for_people: bool,
}

/// Takes stored events through both rule sets, the newest first.
pub(super) async fn judge(
    operator: &dyn Operator,
    asked: Asked,
    sets: &Arc<Sets>,
    output: &mut Output<'_>,
) -> Result<Tally, Failure> {
    let asked = Arc::new(asked);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut total = Tally::default();
    let mut judged = VecDeque::new();
    let progress = Progress::of(output, asked.for_people);
    let show = |total: &Tally| {
        progress.tell(Step {
            what: "events judged",
            done: usize::try_from(total.events).unwrap_or(usize::MAX),
            all: None,
        });
    };
    let (mut before, mut left) = (None, asked.limit);
    while left > 0 {
        let query = EventQuery {
            source: asked.source.clone(),
            name: None,
            before,
            limit: left.min(LIST_MAX),
        };
        let Answer::EventsWhole(page) = operator.ask(Question::EventsWhole(query)).await? else {
            return Err(mismatch());
        };
        left = left.saturating_sub(page.events.len());
        before = page.next;
        let oldest = page.events.last().map(|event| event.received_at);
        let (sets, asked) = (Arc::clone(sets), Arc::clone(&asked));
        let is_past = asked.since.zip(oldest);
        let is_past = is_past.is_some_and(|(since, oldest)| oldest.after(ID_SLACK) < since);
        judged.push_back(tokio::task::spawn_blocking(move || {
            page_of(page, &asked, &sets)
        }));
        if judged.len() > cores.min(PAGES_MAX) {
            take(&mut judged, &mut total).await?;
            show(&total);
        }
        if before.is_none() || is_past {
            break;
        }
    }
    while !judged.is_empty() {
        take(&mut judged, &mut total).await?;
        show(&total);
    }
    Ok(total)
}

/// The pages in their order, whichever is ready first.
async fn take(judged: &mut VecDeque<JoinHandle<Tally>>, total: &mut Tally) -> Result<(), Failure> {
    if let Some(page) = judged.pop_front() {
        let page = page.await;
        total.merge(page.map_err(|error| Failure::Other(format!("planning failed: {error}")))?);
    }
    Ok(())
}

fn page_of(page: WholePage, asked: &Asked, sets: &Sets) -> Tally {
    let mut tally = Tally::default();
    tally.damaged += page.damaged.len() as u64;
    for event in page.events {
        if asked.since.is_some_and(|since| event.received_at < since) {
            continue;
        }
        let Ok(event) = event.restore() else {
            tally.damaged += 1;
            continue;
        };
        let (running, new) = (plan(&sets.running, &event, 0), plan(&sets.new, &event, 0));
        let mut difference = compare(&running, &new);
        if let Some(only) = &asked.rule {
            let mut rules = difference.rules;
            rules.retain(|rule| rule.rule == *only);
            difference = Difference {
                rules,
                respond: Vec::new(),
            };
        }
        tally.add(&event, &new, difference, || sets.masks(&event.provider));
    }
    tally
}
