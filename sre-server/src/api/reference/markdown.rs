//! The text of `docs/api.md`.

use std::fmt::Write as _;

use super::{Body, Operation, Reference, pretty};

/// The documentation of the API, for readers of the repository.
pub fn markdown() -> String {
    let reference = Reference::new();
    let mut text = INTRODUCTION.to_owned();
    push(&mut text, format_args!("{}\n", reference.about));
    for (part, operations) in &reference.parts {
        push(&mut text, format_args!("\n## {part}\n"));
        for operation in operations {
            write_operation(&mut text, operation);
        }
    }
    text.push_str("\n## Types\n");
    for (name, fields) in &reference.types {
        if fields.is_empty() {
            continue;
        }
        push(
            &mut text,
            format_args!("\n### {name}\n\n| field | type | meaning |\n| --- | --- | --- |\n"),
        );
        for field in fields {
            let optional = if field.is_required { "" } else { " (optional)" };
            push(
                &mut text,
                format_args!(
                    "| `{}`{optional} | {} | {} |\n",
                    field.name,
                    cell(&field.type_name),
                    cell(&field.about)
                ),
            );
        }
    }
    text.push_str("\n## Refusals\n\n| status | kind | meaning |\n| --- | --- | --- |\n");
    for [status, kind, meaning] in &reference.refusals {
        push(
            &mut text,
            format_args!("| {status} | `{kind}` | {} |\n", cell(meaning)),
        );
    }
    text
}

fn write_operation(text: &mut String, operation: &Operation) {
    let Operation {
        method,
        path,
        summary,
        about,
        ..
    } = operation;
    push(
        text,
        format_args!("\n### {method} `{path}`\n\n{summary}. {about}\n"),
    );
    if !operation.parameters.is_empty() {
        text.push_str("\n| parameter | in | meaning |\n| --- | --- | --- |\n");
    }
    for parameter in &operation.parameters {
        let about = cell(&parameter.about);
        push(
            text,
            format_args!("| `{}` | {} | {about} |\n", parameter.name, parameter.place),
        );
    }
    push(text, format_args!("\n```sh\n{}\n```\n", operation.curl()));
    if let Some(body) = &operation.request {
        push(text, format_args!("\nTakes {}.\n", of_type(body)));
    }
    for answer in &operation.answers {
        let status = &answer.status;
        push(text, format_args!("\n**{status}** {}\n", answer.about));
        if let Some(body) = &answer.body {
            push(text, format_args!("{}.\n", of_type(body)));
            if let Some(example) = &body.example {
                push(text, format_args!("\n```json\n{}\n```\n", pretty(example)));
            }
        }
    }
    push(
        text,
        format_args!("\nRefused with {}.\n", operation.refused.join(", ")),
    );
}

fn of_type(body: &Body) -> String {
    format!("{} as `{}`", body.type_name, body.media_type)
}

/// Text as a cell of a table holds it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .replace('\n', " ")
}

/// A text takes everything.
fn push(text: &mut String, part: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(part);
}

const INTRODUCTION: &str = "\
# The API

<!-- Generated: cargo run --bin sre-monitor -- openapi --markdown > docs/api.md -->

The same as `GET /docs` of a running service shows, and as [openapi.json](openapi.json) says to
programs.

";
