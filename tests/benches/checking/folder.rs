//! A folder as a large team might have it: its hookrule.yaml, and rules on events of GitHub and Stripe.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::Failure;

/// How large a folder is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) files: usize,
    /// In each file.
    pub(super) rules: usize,
    /// One rule in so many has a test.
    pub(super) tested: usize,
}

const CONFIG: &str = "\
listen: 127.0.0.1:0
store: data
rules: [rules]
sources:
  github: {provider: github, secrets: [a-secret-for-the-bench-only]}
  stripe: {provider: stripe, secrets: [a-secret-for-the-bench-only]}
destinations:
  ci: {http: {url: 'https://ci.example.com'}}
  books: {http: {url: 'https://books.example.com'}}
  team-chat: {discord: {url: 'https://chat.example.com/hook'}}
";

/// What differs between rules of one sort.
struct Drawn {
    number: usize,
    repository: String,
    label: &'static str,
}

/// One sort of rule: its name, and how it goes on.
type Sort = (
    &'static str,
    fn(&Drawn, &mut String) -> std::fmt::Result,
    &'static str,
);

const SORTS: &[Sort] = &[
    (
        "build-push",
        push,
        r"{ref: refs/heads/main, deleted: false, repository: {full_name: other/repository}}",
    ),
    (
        "tell-pull",
        pull_request,
        r#"{action: opened, number: 7, pull_request: {title: "A", draft: true}, repository: {full_name: other/repository}}"#,
    ),
    (
        "tell-issue",
        issue,
        r#"{action: opened, issue: {title: "A", labels: []}, repository: {full_name: other/repository}}"#,
    ),
    (
        "tell-failure",
        workflow,
        r"{action: completed, workflow_run: {conclusion: success}, repository: {full_name: other/repository}}",
    ),
    (
        "tell-release",
        release,
        r"{action: published, release: {tag_name: v1.0.0-rc.1, prerelease: true}, repository: {full_name: other/repository}}",
    ),
    (
        "book-invoice",
        invoice,
        r"{type: invoice.paid, livemode: false, data: {object: {amount_paid: 1, currency: eur}}}",
    ),
    (
        "tell-refund",
        refund,
        r"{type: charge.refunded, data: {object: {amount_refunded: 1, currency: eur}}}",
    ),
];

const LABELS: &[&str] = &["bug", "security", "urgent", "customer", "docs"];

/// Writes hookrule.yaml and the rules.
pub(super) fn write(folder: &Path, size: Size) -> Result<(), Failure> {
    fs::create_dir_all(folder.join("rules"))?;
    fs::write(folder.join("hookrule.yaml"), CONFIG)?;
    for file in 0..size.files {
        let mut text = format!("# The rules of team {file}.\nrules:\n");
        for rule in 0..size.rules {
            let number = file * size.rules + rule;
            one(number, number.is_multiple_of(size.tested), &mut text)?;
        }
        let team = folder.join("rules").join(format!("team-{file:03}.yaml"));
        fs::write(team, text)?;
    }
    Ok(())
}

fn one(number: usize, tested: bool, text: &mut String) -> std::fmt::Result {
    let sorts = SORTS.iter().cycle().skip(number % SORTS.len());
    let labels = LABELS.iter().cycle().skip(number % LABELS.len());
    for ((name, go_on, other), label) in sorts.zip(labels).take(1) {
        let drawn = Drawn {
            number,
            repository: format!("team-{}/service-{number}", number % 97),
            label,
        };
        writeln!(text, "  - name: {name}-{number}")?;
        writeln!(
            text,
            "    description: What the people of service {number} want to hear of"
        )?;
        go_on(&drawn, text)?;
        if tested {
            writeln!(
                text,
                "    tests:\n      - name: another one is not meant\n        payload: {other}"
            )?;
            writeln!(text, "        expect: {{matched: false}}")?;
        }
    }
    Ok(())
}

fn push(drawn: &Drawn, text: &mut String) -> std::fmt::Result {
    let Drawn {
        number, repository, ..
    } = drawn;
    writeln!(
        text,
        r#"    when:
      provider: github
      event: push
      conditions:
        - {{path: $.repository.full_name, equals: {repository}}}
        - {{path: $.deleted, equals: false}}
        - {{path: $.ref, matches: '^refs/heads/(main|release/{number})$'}}
        - any:
            - {{path: "$.commits[*].modified[*]", starts_with: src/}}
            - {{path: "$.commits[*].added[*]", starts_with: src/}}
    actions:
      - http:
          destination: ci
          path: /builds/{number}
          body: {{ref: "{{{{payload.ref}}}}", commit: "{{{{payload.after}}}}", by: "{{{{payload.pusher.name}}}}"}}
      - discord:
          destination: team-chat
          content: "{{{{payload.pusher.name}}}} pushed {{{{length payload.commits}}}} commits to {{{{payload.repository.full_name}}}}: {{{{payload.compare}}}}""#
    )
}

fn pull_request(drawn: &Drawn, text: &mut String) -> std::fmt::Result {
    let Drawn {
        number,
        repository,
        label,
    } = drawn;
    writeln!(
        text,
        r##"    when:
      provider: github
      event: [pull_request.opened, pull_request.reopened, pull_request.ready_for_review]
      conditions:
        - {{path: $.repository.full_name, in: [{repository}, {repository}-docs]}}
        - {{path: $.pull_request.draft, equals: false}}
        - none:
            - {{path: "$.pull_request.labels[*].name", equals: {label}-{number}}}
    vars:
      size: '{{{{math payload.pull_request.additions "+" payload.pull_request.deletions}}}}'
    actions:
      - discord:
          destination: team-chat
          content: "#{{{{payload.number}}}} {{{{payload.pull_request.title}}}} by {{{{payload.sender.login}}}}, {{{{vars.size}}}} lines: {{{{payload.pull_request.html_url}}}}"
      - log: {{message: "{{{{payload.pull_request.html_url}}}}"}}"##
    )
}

fn issue(drawn: &Drawn, text: &mut String) -> std::fmt::Result {
    let Drawn {
        number,
        repository,
        label,
    } = drawn;
    writeln!(
        text,
        r#"    when:
      provider: github
      event: [issues.opened, issues.labeled]
      conditions:
        - {{path: $.repository.full_name, equals: {repository}}}
        - {{path: "$.issue.labels[*].name", in: [{label}, {label}-{number}]}}
        - {{path: $.issue.comments, lt: {number}}}
    actions:
      - http:
          destination: ci
          path: /tickets
          body: {{title: "{{{{payload.issue.title}}}}", number: "{{{{payload.issue.number}}}}", url: "{{{{payload.issue.html_url}}}}"}}"#
    )
}

fn workflow(drawn: &Drawn, text: &mut String) -> std::fmt::Result {
    let Drawn { repository, .. } = drawn;
    writeln!(
        text,
        r#"    when:
      provider: github
      event: workflow_run.completed
      conditions:
        - {{path: $.repository.full_name, equals: {repository}}}
        - {{path: $.workflow_run.conclusion, in: [failure, timed_out]}}
        - {{path: $.workflow_run.head_branch, equals: main}}
    actions:
      - discord:
          destination: team-chat
          content: "{{{{payload.workflow_run.name}}}} failed: {{{{payload.workflow_run.html_url}}}}"
      - http:
          destination: ci
          path: /failures
          body: {{run: "{{{{payload.workflow_run.id}}}}", branch: "{{{{payload.workflow_run.head_branch}}}}"}}"#
    )
}

fn release(drawn: &Drawn, text: &mut String) -> std::fmt::Result {
    let Drawn { repository, .. } = drawn;
    writeln!(
        text,
        r#"    when:
      provider: github
      event: release.published
      conditions:
        - {{path: $.repository.full_name, equals: {repository}}}
        - {{path: $.release.tag_name, matches: '^v[0-9]+\.[0-9]+\.[0-9]+$'}}
        - {{path: $.release.prerelease, not_equals: true}}
    actions:
      - http:
          destination: ci
          path: /releases
          body: {{tag: "{{{{payload.release.tag_name}}}}", notes: "{{{{truncate payload.release.body 200}}}}"}}"#
    )
}

fn invoice(drawn: &Drawn, text: &mut String) -> std::fmt::Result {
    let Drawn { number, .. } = drawn;
    writeln!(
        text,
        r#"    when:
      provider: stripe
      event: invoice.paid
      conditions:
        - {{path: $.livemode, equals: true}}
        - {{path: $.data.object.customer, equals: cus_{number:08}}}
        - {{path: $.data.object.amount_paid, gte: {number}}}
    vars:
      amount: '{{{{math payload.data.object.amount_paid "/" 100}}}}'
    actions:
      - http:
          destination: books
          path: /invoices
          body: {{invoice: "{{{{payload.data.object.id}}}}", amount: "{{{{vars.amount}}}}", currency: "{{{{upper payload.data.object.currency}}}}"}}"#
    )
}

fn refund(drawn: &Drawn, text: &mut String) -> std::fmt::Result {
    let Drawn { number, label, .. } = drawn;
    writeln!(
        text,
        r#"    when:
      provider: stripe
      event: charge.refunded
      conditions:
        - any:
            - {{path: $.data.object.amount_refunded, gt: {number}}}
            - {{path: $.data.object.metadata.reason, equals: {label}}}
        - {{path: $.data.object.customer, equals: cus_{number:08}}}
    actions:
      - discord:
          destination: team-chat
          content: "Refund of {{{{payload.data.object.amount_refunded}}}} for {{{{payload.data.object.customer}}}}"
      - http:
          destination: books
          path: /refunds
          body: {{charge: "{{{{payload.data.object.id}}}}", amount: "{{{{payload.data.object.amount_refunded}}}}"}}"#
    )
}
