//! Sockets: listening, accepting, connecting. Who listens is heard on this machine only, unless the program names
//! another address.

use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream, ToSocketAddrs};
use std::time::Duration;

use heapatlas_heap::Value;
use heapatlas_heap::object::ObjectKind;

use super::Arguments;
use crate::fault::{FailureKind, Fault, Outcome};
use crate::ports::{self, io_failure};
use crate::streams::{Connection, Stream};
use crate::text::{self, Text};
use crate::world::World;

/// A host that does not answer within this time can't be reached.
const PATIENCE: Duration = Duration::from_secs(10);
/// No name of a host is longer.
const LONGEST_NAME: usize = 256;

/// The number of a port that a value must be; of the network's, not of Arc's.
fn port_number(world: &World, who: &str, value: Value) -> Outcome<u16> {
    let number = value.as_fixnum().and_then(|number| u16::try_from(number).ok());
    number.ok_or_else(|| world.wrong_type(who, "a port number from 0 to 65535", value))
}

fn host_name(world: &World, who: &str, value: Value) -> Outcome<String> {
    match world.heap.as_kind(value, ObjectKind::String) {
        Some(name) => Ok(Text::of(&world.heap, name).prefix(LONGEST_NAME)),
        None => Err(world.wrong_type(who, "a host", value)),
    }
}

/// `(open-socket port [address])`
pub(super) fn open_socket(world: &mut World, args: Arguments) -> Outcome<Value> {
    let port = port_number(world, "open-socket", args.get(world, 0))?;
    let address = match args.maybe(world, 1) {
        None => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(value) => {
            let text = host_name(world, "open-socket", value)?;
            text.parse().map_err(|_not_one| world.wrong_type("open-socket", "an address like 0.0.0.0", value))?
        }
    };
    let listener = TcpListener::bind((address, port));
    let listener = listener.and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
    let listener =
        listener.map_err(|error| io_failure(&format!("open-socket: can't listen on port {port}"), &error))?;
    ports::listener(world, Stream::Listener(listener, None))
}

/// `(socket-accept socket)`: `(in out address)`, once somebody has connected.
pub(super) fn socket_accept(world: &mut World, args: Arguments) -> Outcome<Value> {
    let stream = ports::listening(world, "socket-accept", args.get(world, 0))?;
    world.streams.flush_all();
    let peer = world.streams.accept(stream).map_err(|error| io_failure("socket-accept", &error))?;
    let Some(peer) = peer else { return Err(Fault::Waits(stream)) };
    let (input, output) = ports::unconnected(world)?;
    let peer = text::string(&mut world.heap, &peer.to_string())?;
    let list = world.list(&[Value::object(input), Value::object(output), peer])?;
    // The connection stays with the listener until nothing can fail for want of room any more.
    if let Some(connection) = world.streams.take_accepted(stream) {
        ports::connect(world, (input, output), (connection.input, connection.output));
    }
    Ok(list)
}

/// `(socket-connect host port)`: `(in out)`.
pub(super) fn socket_connect(world: &mut World, args: Arguments) -> Outcome<Value> {
    let host = host_name(world, "socket-connect", args.get(world, 0))?;
    let number = port_number(world, "socket-connect", args.get(world, 1))?;
    let (input, output) = ports::unconnected(world)?;
    let list = world.list(&[Value::object(input), Value::object(output)])?;
    let connection = connect(&host, number).and_then(Connection::new);
    let failed = |error| io_failure(&format!("socket-connect: can't reach {host}:{number}"), &error);
    let connection = connection.map_err(failed)?;
    ports::connect(world, (input, output), (connection.input, connection.output));
    Ok(list)
}

/// Connects with the first address of a host that answers.
fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut failure = io::ErrorKind::NotFound.into();
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(socket) => return Ok(socket),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// `(client-ip port)`: the address at the other end of a connection.
pub(super) fn client_ip(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    let port = world.heap.as_kind(value, ObjectKind::Port);
    let port = port.ok_or_else(|| world.wrong_type("client-ip", "a port", value))?;
    match ports::peer(world, port) {
        Some(peer) => Ok(text::string(&mut world.heap, &peer.to_string())?),
        None => Err(Fault::failure(FailureKind::Io, "client-ip: the port is no open connection")),
    }
}
