//! Answers from a store that this process has open.

use std::sync::Arc;

use tokio::sync::watch;

use crate::event::{Event, EventId, JobId};
use crate::intake::Intake;
use crate::plan::{Job, JobBody, JobState, Passage, plan_through};
use crate::providers::Providers;
use crate::rule::{Rule, RuleSet, To};
use crate::runtime::BoxFuture;
use crate::stores::{JobQuery, Store, StoreError};

use super::explain::{Why, explain, imagined};
use super::redact::Masks;
use super::{
    Answer, Asked, EventView, Explanation, HeaderView, JobView, Operator, OperatorError, Question,
    Replayed, Requeued, RuleView, Selection,
};

/// The most dead letters that one question requeues.
const REQUEUED_MAX: usize = 100_000;
/// The most jobs that are shown with their event.
const EVENT_JOBS_MAX: usize = 1_000;

/// What is said of refusals where nothing runs.
const REFUSALS: &str = "refusals are kept";
/// What is said of the use of secrets where nothing runs.
const USES: &str = "the uses of secrets are counted";

/// Answers from an open store.
pub struct Direct {
    store: Arc<dyn Store>,
    rules: watch::Receiver<Arc<RuleSet>>,
    providers: watch::Receiver<Providers>,
    nudge: Box<dyn Fn() + Send + Sync>,
    /// None where nothing is received.
    intake: Option<Arc<Intake>>,
}

impl Direct {
    /// `rules` are those that replays go through, `providers` say what is masked; `nudge` is called
    /// when there are jobs to perform.
    pub fn new(
        store: Arc<dyn Store>,
        rules: watch::Receiver<Arc<RuleSet>>,
        providers: watch::Receiver<Providers>,
        nudge: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self {
            store,
            rules,
            providers,
            nudge: Box::new(nudge),
            intake: None,
        }
    }

    /// With the intake that receives for this store.
    #[must_use]
    pub fn with_intake(mut self, intake: Arc<Intake>) -> Self {
        self.intake = Some(intake);
        self
    }

    async fn answer(&self, question: Question) -> Result<Answer, OperatorError> {
        Ok(match question {
            Question::Events(query) => Answer::Events(self.store.events(query).await?),
            Question::Event { id, body } => Answer::Event(self.event(id, body).await?),
            Question::Replay { id, through_gates } => {
                Answer::Replayed(self.replay(id, through_gates).await?)
            }
            Question::Jobs(query) => {
                let jobs = self.store.jobs(query).await?;
                Answer::Jobs(jobs.into_iter().map(masked).collect())
            }
            Question::Job { id } => {
                let found = self.store.job(id).await?;
                Answer::Job(found.map(|(job, attempts)| {
                    let job = masked(job);
                    Box::new(JobView { job, attempts })
                }))
            }
            Question::Requeue(selection) => {
                let jobs = self.dead(selection).await?;
                let results = self.store.requeue(jobs.clone()).await?;
                Answer::Requeued(self.done_to(jobs, results))
            }
            Question::Discard(selection) => {
                let jobs = self.dead(selection).await?;
                let results = self.store.discard(jobs.clone()).await?;
                Answer::Discarded(self.done_to(jobs, results))
            }
            Question::Paused => self.paused().await?,
            Question::Pause {
                destination,
                reason,
            } => self.pause(&destination, Some(&reason)).await?,
            Question::Resume { destination } => self.pause(&destination, None).await?,
            Question::Counts => Answer::Counts(self.store.counts().await?),
            Question::Rules => {
                let rules = Arc::clone(&self.rules.borrow());
                Answer::Rules(describe(&rules))
            }
            Question::EventsWhole(query) => {
                Answer::EventsWhole(self.store.events_whole(query).await?)
            }
            Question::RuleSet => {
                let rules = Arc::clone(&self.rules.borrow());
                Answer::RuleSet(rules.text())
            }
            Question::Refusals { source, limit } => {
                let intake = self.intake.as_ref().ok_or_else(|| nothing_runs(REFUSALS))?;
                Answer::Refusals(intake.refused(source.as_deref(), limit))
            }
            Question::Sources => {
                let intake = self.intake.as_ref().ok_or_else(|| nothing_runs(USES))?;
                Answer::Sources(intake.sources())
            }
            Question::Explain(why) => Answer::Explained(Box::new(self.explain(why).await?)),
        })
    }

    async fn event(
        &self,
        id: EventId,
        body: bool,
    ) -> Result<Option<Box<EventView>>, OperatorError> {
        let (Some(summary), Some(event)) = (
            self.store.event_summary(id).await?,
            self.store.event(id).await?,
        ) else {
            return Ok(None);
        };
        let query = JobQuery {
            event: Some(id),
            limit: EVENT_JOBS_MAX,
            ..JobQuery::default()
        };
        let jobs = self.store.jobs(query).await?;
        let provider = self.providers.borrow().find(&event.provider);
        let masks = provider.map_or_else(Masks::default, |provider| Masks::of(&provider));
        Ok(Some(Box::new(EventView {
            summary,
            headers: masks
                .headers(&event.headers)
                .into_iter()
                .map(|(name, value)| HeaderView { name, value })
                .collect(),
            body: body.then(|| masks.body(&event.payload)),
            jobs: jobs.into_iter().map(without_data).collect(),
            firings: self.store.firings(id).await?,
        })))
    }

    async fn explain(&self, why: Why) -> Result<Explanation, OperatorError> {
        let providers = self.providers.borrow().clone();
        let today = Arc::clone(&self.rules.borrow());
        let (event, id, rules) = match &why.event {
            Asked::Imagined(said) => (imagined(said, &providers)?, None, today),
            Asked::Stored(id) => {
                let missing = || OperatorError::Refused(format!("there is no event {id}"));
                let event = self.store.event(*id).await?.ok_or_else(missing)?;
                let rules = if why.now {
                    today
                } else {
                    self.rules_of(*id).await?
                };
                (event, Some(*id), rules)
            }
        };
        let masks = providers.find(&event.provider);
        let masks = masks.map_or_else(Masks::default, |provider| Masks::of(&provider));
        let of_its_time = id.is_some() && !why.now;
        let explained = tokio::task::spawn_blocking(move || {
            explain(&rules, &event, &masks, why.rule.as_deref())
        });
        let explained = explained
            .await
            .map_err(|_| OperatorError::Failed("working it out failed".to_owned()))??;
        Ok(Explanation {
            event: id,
            of_its_time,
            ..explained
        })
    }

    /// The rules that judged an event when it came in.
    async fn rules_of(&self, id: EventId) -> Result<Arc<RuleSet>, OperatorError> {
        let missing = || OperatorError::Refused(format!("there is no event {id}"));
        let summary = self.store.event_summary(id).await?.ok_or_else(missing)?;
        let kept = self.store.rule_set(&summary.rule_set).await?;
        let loaded = kept.and_then(|text| RuleSet::of_text(&text));
        let gone = || {
            let why = "the rules that judged it are not kept any more; `--now` asks today's";
            OperatorError::Refused(why.to_owned())
        };
        let mut set = loaded.ok_or_else(gone)?.set;
        set.hash = summary.rule_set;
        Ok(Arc::new(set))
    }

    async fn replay(&self, id: EventId, through_gates: bool) -> Result<Replayed, OperatorError> {
        let missing = || OperatorError::Refused(format!("there is no event {id}"));
        let event = self.store.event(id).await?.ok_or_else(missing)?;
        let summary = self.store.event_summary(id).await?.ok_or_else(missing)?;
        let rules = Arc::clone(&self.rules.borrow());
        let run = summary.runs.saturating_add(1);
        let passage = if through_gates {
            Passage::Gates
        } else {
            Passage::PassedBy
        };
        let planned = plan_apart(rules, event, run, passage).await?;
        let matched = planned.matched.clone();
        let jobs = self.store.accept_replay(id, run, planned).await?;
        (self.nudge)();
        Ok(Replayed {
            event: id,
            run,
            matched,
            jobs: jobs.ok_or_else(missing)?,
        })
    }

    async fn paused(&self) -> Result<Answer, OperatorError> {
        Ok(Answer::Paused(
            self.store.paused().await?.into_iter().collect(),
        ))
    }

    async fn pause(
        &self,
        destination: &str,
        reason: Option<&str>,
    ) -> Result<Answer, OperatorError> {
        self.store.pause(destination, reason).await?;
        (self.nudge)();
        self.paused().await
    }

    /// The dead letters that are meant.
    async fn dead(&self, selection: Selection) -> Result<Vec<JobId>, OperatorError> {
        if !selection.jobs.is_empty() {
            return Ok(selection.jobs);
        }
        let query = JobQuery {
            states: vec![JobState::Dead],
            destination: selection.destination,
            rule: selection.rule,
            limit: REQUEUED_MAX,
            ..JobQuery::default()
        };
        let dead = self.store.jobs(query).await?;
        Ok(dead.into_iter().map(|job| job.id).collect())
    }

    fn done_to(
        &self,
        jobs: Vec<JobId>,
        results: Vec<std::result::Result<(), String>>,
    ) -> Vec<Requeued> {
        (self.nudge)();
        let answers = jobs.into_iter().zip(results);
        answers
            .map(|(job, result)| Requeued {
                job,
                refused: result.err(),
            })
            .collect()
    }
}

impl Operator for Direct {
    fn ask(&self, question: Question) -> BoxFuture<'_, Result<Answer, OperatorError>> {
        Box::pin(self.answer(question))
    }
}

impl From<StoreError> for OperatorError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// What is asked is known only where deliveries are received.
fn nothing_runs(what: &str) -> OperatorError {
    let why = format!("{what} by the running hookrule only, and end with it; none is running here");
    OperatorError::Refused(why)
}

/// Plans off the reactor; a panic there is one failed question.
async fn plan_apart(
    rules: Arc<RuleSet>,
    event: Event,
    run: u32,
    passage: Passage,
) -> Result<crate::plan::Plan, OperatorError> {
    tokio::task::spawn_blocking(move || plan_through(&rules, &event, run, passage))
        .await
        .map_err(|_| OperatorError::Failed("planning the replay failed".to_owned()))
}

fn masked(mut job: Job) -> Job {
    let masks = Masks::default();
    match &mut job.body {
        JobBody::Prepared { data, .. } => *data = masks.json(data.take()),
        JobBody::Deferred {
            config, vars, item, ..
        } => {
            *config = masks.json(config.take());
            *vars = masks.json(vars.take());
            *item = item.take().map(|item| masks.json(item));
        }
        JobBody::Unprepared => {}
    }
    job
}

fn without_data(mut job: Job) -> Job {
    match &mut job.body {
        JobBody::Prepared { data, .. } => drop(data.take()),
        JobBody::Deferred {
            config, vars, item, ..
        } => {
            drop(config.take());
            drop(vars.take());
            drop(item.take());
        }
        JobBody::Unprepared => {}
    }
    job
}

/// The rules of a set, as they are listed.
pub fn describe(rules: &RuleSet) -> Vec<RuleView> {
    rules.rules.iter().map(|rule| view(rule)).collect()
}

fn view(rule: &Rule) -> RuleView {
    let when = &rule.when;
    let mut about = Vec::new();
    for (word, names) in [
        ("provider", &when.providers),
        ("source", &when.sources),
        ("event", &when.events),
    ] {
        if !names.is_empty() {
            about.push(format!("{word} {}", names.join(", ")));
        }
    }
    if !when.proof.is_any() {
        about.push(format!("proof {}", when.proof.words()));
    }
    if when.unmatched {
        about.push("what no other rule matched".to_owned());
    }
    if about.is_empty() {
        about.push("any event".to_owned());
    }
    RuleView {
        name: rule.name.clone(),
        description: rule.description.clone(),
        file: rule.place.file.path.display().to_string(),
        enabled: rule.enabled,
        when: about.join("; "),
        actions: rule
            .actions
            .iter()
            .map(|action| match action.destinations.as_slice() {
                [] => action.name.clone(),
                destinations => {
                    let names: Vec<_> = destinations.iter().map(To::written).collect();
                    format!("{} → {}", action.name, names.join(", "))
                }
            })
            .collect(),
    }
}
