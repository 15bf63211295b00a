//! Streams: what ports are connected with outside the heap, by number.
//!
//! A stream that may have to wait for somebody else, a socket or the output of a command, is asked first whether it has
//! something. When it has not, the thread that reads is put away and others go on: see [`crate::vm::threads`].

use std::fmt;
use std::io::{self, BufWriter, Read, Take, Write};
use std::net::{IpAddr, Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, ChildStdout};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// A connection gives at most so many bytes of input, so that nobody outside can fill the heap with one request.
const MOST_INPUT: u64 = 100_000;
/// What is written to a connection must be taken within this time: nobody outside can hold the program up for longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A stream of the operating system or of the host.
pub(crate) enum Stream {
    /// Input that is taken to have something at once: a file, or what the host gave.
    Reader(Box<dyn Read + Send>),
    /// Output.
    Writer(BufWriter<Box<dyn Write + Send>>),
    /// The output of a command.
    Command(CommandOutput),
    /// What a connection sends.
    Received(Take<TcpStream>, IpAddr),
    /// What is sent to a connection.
    Sent(BufWriter<Sender>, IpAddr),
    /// Where connections arrive, which never waits for one; the one that has arrived and was not fetched yet.
    Listener(TcpListener, Option<Box<Connection>>),
}

/// A connection: its streams, for input and for output, and who is at its other end.
pub(crate) struct Connection {
    pub(crate) input: Stream,
    pub(crate) output: Stream,
    pub(crate) peer: IpAddr,
}

impl Connection {
    /// A connection on a socket.
    pub(crate) fn new(socket: TcpStream) -> io::Result<Self> {
        let peer = socket.peer_addr()?.ip();
        socket.set_write_timeout(Some(PATIENCE))?;
        socket.set_nodelay(true)?;
        let input = Stream::Received(socket.try_clone()?.take(MOST_INPUT), peer);
        Ok(Self { input, output: Stream::Sent(BufWriter::new(Sender(socket)), peer), peer })
    }
}

/// Whether an error says that nobody waits to be accepted, or not any more.
fn is_gone(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, NotConnected, WouldBlock};
    matches!(kind, ConnectionAborted | ConnectionReset | Interrupted | NotConnected | WouldBlock)
}

/// The sending half of a connection. Once something could not be sent nothing can be, so that the program waits only
/// once for somebody who does not read.
pub(crate) struct Sender(TcpStream);

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.0.write(bytes);
        match &written {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.0.shutdown(Shutdown::Both).ok();
            }
            _ => {}
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A command's output, which waits for the command when it ends.
pub(crate) struct CommandOutput {
    pub(crate) child: Child,
    pub(crate) output: ChildStdout,
}

impl Read for CommandOutput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.output.read(buffer)?;
        if count == 0 {
            self.child.wait()?;
        }
        Ok(count)
    }
}

impl Stream {
    /// What to ask the system about, if reading may have to wait for somebody else.
    fn waits_on(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Command(command) => Some(command.output.as_fd()),
            Self::Received(socket, _) if socket.limit() > 0 => Some(socket.get_ref().as_fd()),
            Self::Listener(socket, None) => Some(socket.as_fd()),
            _ => None,
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Reader(stream) => stream.read(buffer),
            Self::Command(stream) => stream.read(buffer),
            Self::Received(stream, _) => stream.read(buffer),
            Self::Writer(_) | Self::Sent(..) | Self::Listener(..) => Ok(0),
        }
    }

    fn output(&mut self) -> Option<&mut dyn Write> {
        match self {
            Self::Writer(stream) => Some(stream),
            Self::Sent(stream, _) => Some(stream),
            _ => None,
        }
    }

    fn close(mut self) -> io::Result<()> {
        let flushed = self.output().map_or(Ok(()), Write::flush);
        if let Self::Sent(stream, _) = &self {
            // The other end may have gone: then there is nothing left to tell it.
            stream.get_ref().0.shutdown(Shutdown::Write).ok();
        }
        flushed
    }
}

/// The open streams, by number.
#[derive(Default)]
pub(crate) struct Streams {
    open: Vec<Option<Stream>>,
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} streams", self.open.iter().flatten().count())
    }
}

impl Streams {
    /// Adds a stream; gives its number.
    pub(crate) fn add(&mut self, stream: Stream) -> i64 {
        let free = self.open.iter().position(Option::is_none);
        let at = free.unwrap_or_else(|| {
            self.open.push(None);
            self.open.len() - 1
        });
        self.open[at] = Some(stream);
        at as i64
    }

    fn get(&self, number: i64) -> Option<&Stream> {
        usize::try_from(number).ok().and_then(|at| self.open.get(at)).and_then(Option::as_ref)
    }

    fn get_mut(&mut self, number: i64) -> Option<&mut Stream> {
        usize::try_from(number).ok().and_then(|at| self.open.get_mut(at)).and_then(Option::as_mut)
    }

    /// Whether reading from a stream, or accepting a connection, would not wait. One that is closed does not wait.
    pub(crate) fn is_ready(&self, number: i64) -> bool {
        self.wait_for_any(&[number], Duration::ZERO)
    }

    /// Waits until one of some streams is ready, for this time at most; says whether one is.
    pub(crate) fn wait_for_any(&self, numbers: &[i64], most: Duration) -> bool {
        let mut asked = Vec::with_capacity(numbers.len());
        for number in numbers {
            match self.get(*number).and_then(Stream::waits_on) {
                Some(stream) => asked.push(PollFd::from_borrowed_fd(stream, PollFlags::IN)),
                None => return true,
            }
        }
        let timeout = Timespec::try_from(most).ok();
        // A signal that comes in between is as good as the end of the time: whoever waits looks again.
        poll(&mut asked, timeout.as_ref()).is_ok_and(|count| count > 0)
    }

    /// Reads into a buffer; 0 at the end.
    pub(crate) fn read(&mut self, number: i64, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(stream) = self.get_mut(number) else { return Ok(0) };
        loop {
            match stream.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Writes to an output stream; `None` when it is none.
    pub(crate) fn write(&mut self, number: i64, bytes: &[u8]) -> Option<io::Result<()>> {
        self.get_mut(number)?.output().map(|stream| stream.write_all(bytes))
    }

    /// Writes out what is buffered for a stream.
    pub(crate) fn flush(&mut self, number: i64) -> io::Result<()> {
        self.get_mut(number).and_then(Stream::output).map_or(Ok(()), Write::flush)
    }

    /// Writes out what is buffered for every output stream. What can't be written is lost: nobody is left to tell.
    pub(crate) fn flush_all(&mut self) {
        for stream in self.open.iter_mut().flatten() {
            if let Some(stream) = stream.output() {
                stream.flush().ok();
            }
        }
    }

    /// Closes a stream, having written out what is buffered for it.
    pub(crate) fn close(&mut self, number: i64) -> io::Result<()> {
        let slot = usize::try_from(number).ok().and_then(|at| self.open.get_mut(at));
        slot.and_then(Option::take).map_or(Ok(()), Stream::close)
    }

    /// Who is at the other end of a connection.
    pub(crate) fn peer(&self, number: i64) -> Option<IpAddr> {
        match self.get(number)? {
            Stream::Received(_, peer) | Stream::Sent(_, peer) => Some(*peer),
            _ => None,
        }
    }

    /// Accepts a connection at a listener, and keeps it there until it is taken; gives who it is from. `None` when nobody
    /// is there: whoever was may have gone before being answered, which is no mistake of the program's.
    pub(crate) fn accept(&mut self, number: i64) -> io::Result<Option<IpAddr>> {
        let Some(Stream::Listener(listener, arrived)) = self.get_mut(number) else { return Ok(None) };
        if arrived.is_none() {
            match listener.accept().and_then(|(socket, _)| Connection::new(socket)) {
                Ok(connection) => *arrived = Some(Box::new(connection)),
                Err(error) if is_gone(error.kind()) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(arrived.as_ref().map(|connection| connection.peer))
    }

    /// Takes the connection that was accepted.
    pub(crate) fn take_accepted(&mut self, number: i64) -> Option<Connection> {
        match self.get_mut(number)? {
            Stream::Listener(_, arrived) => arrived.take().map(|connection| *connection),
            _ => None,
        }
    }
}
