//! Front door 1: `serve`, `chat` and `fetch` in a terminal, with the engine and the words of the window.

pub mod chat;
pub mod fetch;
pub mod record;
pub mod serve;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args as _, FromArgMatches, Parser, Subcommand};

use crate::i18n::{t, tf};
use crate::net::cancel::Cancel;
use crate::signal;

#[derive(Debug, Parser)]
#[command(name = "socketscope", version, about = t("cli-about"), long_about = None, after_help = t("cli-after"))]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do in the terminal.
#[derive(Debug)]
pub enum Command {
    /// The greeting server.
    Serve(serve::Args),
    /// A chat session.
    Chat(chat::Args),
    /// A fetch.
    Fetch(fetch::Args),
}

/// As clap would derive it, but that only the command that is run has its arguments, with all their texts, made.
impl Subcommand for Command {
    fn augment_subcommands(arguments: clap::Command) -> clap::Command {
        let command = |name: &'static str, about| clap::Command::new(name).about(t(about));
        arguments
            .subcommand(command("serve", "cli-serve").defer(serve::Args::augment_args))
            .subcommand(command("chat", "cli-chat").defer(chat::Args::augment_args))
            .subcommand(command("fetch", "cli-fetch-about").defer(fetch::Args::augment_args))
    }

    fn augment_subcommands_for_update(arguments: clap::Command) -> clap::Command {
        Self::augment_subcommands(arguments)
    }

    fn has_subcommand(name: &str) -> bool {
        matches!(name, "serve" | "chat" | "fetch")
    }
}

impl FromArgMatches for Command {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, clap::Error> {
        let missing = || clap::Error::new(ErrorKind::MissingSubcommand);
        let (name, mut matches) = matches.remove_subcommand().ok_or_else(missing)?;
        match name.as_str() {
            "serve" => serve::Args::from_arg_matches_mut(&mut matches).map(Self::Serve),
            "chat" => chat::Args::from_arg_matches_mut(&mut matches).map(Self::Chat),
            "fetch" => fetch::Args::from_arg_matches_mut(&mut matches).map(Self::Fetch),
            _ => Err(missing()),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Reads the program's arguments; no command means the window.
///
/// # Errors
/// There is nothing to run: they were wrong, or asked for help or the version. What to say has been said; this is
/// the exit code.
pub fn parse() -> Result<Option<Command>, ExitCode> {
    Arguments::try_parse().map(|arguments| arguments.command).map_err(|error| {
        // Nobody listens: the exit code still tells.
        _ = error.print();
        exit_code(error.exit_code())
    })
}

/// Runs a command to its end, or until Ctrl-C.
#[must_use]
pub fn run(command: &Command) -> ExitCode {
    let stop = Cancel::default();
    let heed = || {
        let stop = stop.clone();
        signal::on_stop(move || stop.cancel());
    };
    exit_code(match command {
        Command::Serve(args) => {
            heed();
            serve::run(args, &stop)
        }
        Command::Chat(args) => {
            heed();
            chat::run(args, &stop)
        }
        Command::Fetch(args) => fetch::run(args, &stop, &heed),
    })
}

fn exit_code(code: i32) -> ExitCode {
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// A line on standard error.
fn say(line: &str) {
    // Nobody listens: nothing to be done about it.
    _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Seconds with decimals as typed: 0 up to a day.
fn parse_seconds(text: &str) -> Result<Duration, String> {
    const MOST: f64 = 86_400.0;
    text.trim()
        .parse::<f64>()
        .ok()
        .filter(|seconds| (0.0..=MOST).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| tf("cli-bad-seconds", &[("most", MOST.into())]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_fit_together_and_every_help_has_a_text() {
        let mut command = Arguments::command();
        command.clone().debug_assert();
        command.build();
        let mut help = command.render_long_help().to_string();
        for sub in command.get_subcommands_mut() {
            help += &sub.render_long_help().to_string();
        }
        assert!(!help.contains("cli-"), "a text is missing:\n{help}");
    }

    #[test]
    fn seconds_are_read_with_decimals_and_bounds() {
        assert_eq!(parse_seconds("0"), Ok(Duration::ZERO));
        assert_eq!(parse_seconds("1.5"), Ok(Duration::from_millis(1_500)));
        for bad in ["", "-1", "x", "nan", "inf", "1e9"] {
            assert!(parse_seconds(bad).is_err(), "{bad}");
        }
    }
}
