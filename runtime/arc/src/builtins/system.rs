//! Files, processes, time, the session.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use heapatlas_heap::Value;
use heapatlas_heap::object::ObjectKind;
use nix::unistd::Uid;

use super::Arguments;
use super::io::path;
use crate::bytecode::disassemble;
use crate::fault::{FailureKind, Fault, Outcome};
use crate::numbers::Number;
use crate::numbers::arithmetic::{self, Rounding};
use crate::ports::{self, io_failure as failed};
use crate::streams::{CommandOutput, Stream};
use crate::text::{self, Text};
use crate::thread;
use crate::world::World;

/// Starts a shell on a command, its output piped here.
fn start(world: &mut World, who: &str, command: Value) -> Outcome<CommandOutput> {
    let Some(string) = world.heap.as_kind(command, ObjectKind::String) else {
        return Err(world.wrong_type(who, "a command", command));
    };
    let command: String = Text::of(&world.heap, string).chars().collect();
    world.streams.flush_all();
    let child = Command::new("/bin/sh").arg("-c").arg(command).stdout(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| failed(&format!("{who}: can't start a shell"), &error))?;
    match child.stdout.take() {
        Some(output) => Ok(CommandOutput { child, output }),
        None => Err(Fault::failure(FailureKind::Io, format!("{who}: the shell has no output"))),
    }
}

pub(super) fn pipe_from(world: &mut World, args: Arguments) -> Outcome<Value> {
    let output = start(world, "pipe-from", args.get(world, 0))?;
    ports::input_stream(world, Stream::Command(output), None)
}

pub(super) fn system(world: &mut World, args: Arguments) -> Outcome<Value> {
    let port = ports::output(world, "system", world.output)?;
    let mut output = start(world, "system", args.get(world, 0))?;
    let mut buffer = [0; 4096];
    loop {
        match output.read(&mut buffer) {
            Ok(0) => return Ok(Value::NIL),
            Ok(count) => ports::write_bytes(world, port, &buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed("system", &error)),
        }
    }
}

pub(super) fn dir(world: &mut World, args: Arguments) -> Outcome<Value> {
    let path = path(world, "dir", args.get(world, 0))?;
    let entries = fs::read_dir(&path).map_err(|error| failed(&format!("can't list {path}"), &error))?;
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    let mut list = Value::NIL;
    for name in names.iter().rev() {
        let name = text::string(&mut world.heap, name)?;
        list = world.cons(name, list)?;
    }
    Ok(list)
}

pub(super) fn file_exists(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    let path = path(world, "file-exists", value)?;
    Ok(if Path::new(&path).is_file() { value } else { Value::NIL })
}

pub(super) fn dir_exists(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    let path = path(world, "dir-exists", value)?;
    Ok(if Path::new(&path).is_dir() { value } else { Value::NIL })
}

pub(super) fn rmfile(world: &mut World, args: Arguments) -> Outcome<Value> {
    let path = path(world, "rmfile", args.get(world, 0))?;
    fs::remove_file(&path).map_err(|error| failed(&format!("can't remove {path}"), &error))?;
    Ok(Value::NIL)
}

pub(super) fn mvfile(world: &mut World, args: Arguments) -> Outcome<Value> {
    let from = path(world, "mvfile", args.get(world, 0))?;
    let to = path(world, "mvfile", args.get(world, 1))?;
    fs::rename(&from, &to).map_err(|error| failed(&format!("can't move {from}"), &error))?;
    Ok(Value::NIL)
}

fn since_epoch() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn integer(number: u128) -> Value {
    i64::try_from(number).ok().and_then(Value::fixnum).unwrap_or(Value::small(0))
}

pub(super) fn msec(_world: &mut World, _args: Arguments) -> Outcome<Value> {
    Ok(integer(since_epoch().as_millis()))
}

pub(super) fn seconds(_world: &mut World, _args: Arguments) -> Outcome<Value> {
    Ok(integer(u128::from(since_epoch().as_secs())))
}

pub(super) fn process_milliseconds(_world: &mut World, _args: Arguments) -> Outcome<Value> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let (seconds, nanoseconds) = (time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs());
    Ok(integer(u128::from(seconds) * 1000 + u128::from(nanoseconds) / 1_000_000))
}

pub(super) fn gc_milliseconds(world: &mut World, _args: Arguments) -> Outcome<Value> {
    Ok(integer(world.heap.gc_stats().total.as_millis()))
}

/// The date of a day, counted from the beginning of 1970: year, month, day. Years begin in March here, so that the
/// leap day is the last of one.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

pub(super) fn timedate(world: &mut World, args: Arguments) -> Outcome<Value> {
    let seconds = match args.maybe(world, 0) {
        Some(value) => {
            let number = arithmetic::number(world, "timedate", value)?;
            match arithmetic::to_integer(number, Rounding::Truncate) {
                Some(Number::Fixnum(seconds)) if seconds.abs() < 1 << 50 => seconds,
                Some(Number::Big(_)) | None | Some(_) => {
                    return Err(world.wrong_type("timedate", "seconds since 1970", value));
                }
            }
        }
        None => i64::try_from(since_epoch().as_secs()).unwrap_or(0),
    };
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let parts = [second % 60, second / 60 % 60, second / 3600, day, month, year];
    let parts = parts.map(|part| Value::fixnum(part).unwrap_or_default());
    world.list(&parts)
}

/// Prints the bytecode of a function or a macro.
pub(super) fn disassemble(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    let function = world.macro_function(value).unwrap_or(value);
    let port = ports::output(world, "disassemble", world.output)?;
    if disassemble::print(world, function, port)? {
        Ok(Value::NIL)
    } else {
        Err(world.wrong_type("disassemble", "a function in bytecode", value))
    }
}

pub(super) fn quit(world: &mut World, args: Arguments) -> Outcome<Value> {
    let code = args.maybe(world, 0).and_then(Value::as_fixnum).unwrap_or(0);
    Err(Fault::Quit(if (1..=255).contains(&code) { code as i32 } else { 0 }))
}

pub(super) fn dead(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    match world.heap.as_kind(value, ObjectKind::Thread) {
        Some(thread) => Ok(Value::truth(thread::is_dead(world, thread))),
        None => Err(world.wrong_type("dead", "a thread", value)),
    }
}

pub(super) fn current_thread(world: &mut World, _args: Arguments) -> Outcome<Value> {
    Ok(world.thread)
}

/// From here on the process acts as another user, if the system allows that; nil when it does not.
pub(super) fn setuid(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    let user = value.as_fixnum().and_then(|user| u32::try_from(user).ok());
    let user = user.ok_or_else(|| world.wrong_type("setuid", "the number of a user", value))?;
    Ok(Value::truth(nix::unistd::setuid(Uid::from_raw(user)).is_ok()))
}
