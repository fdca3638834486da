//! A server or a client of the Rust msgtrans, driven like the other peers of the benchmarks.
//!
//! ```text
//! server CONTESTANT WORKLOAD LIMIT_RATE
//! client CONTESTANT WORKLOAD LIMIT_RATE HOST PORT WARM_UP_MILLIS MILLIS
//! ```
//!
//! The contestant's name ends with -ws for WebSocket, else it is TCP. The server prints `LISTENING port`, the client
//! `LOADED`, `BEGIN`, `END` and one line of JSON. Both end when their standard input does.

use async_trait::async_trait;
use hdrhistogram::Histogram;
use msgtrans::event::ClientEvent;
use msgtrans::packet::{Packet, PacketType};
use msgtrans::protocol::{TcpClientConfig, TcpServerConfig, WebSocketClientConfig, WebSocketServerConfig};
use msgtrans::transport::client::{TransportClient, TransportClientBuilder};
use msgtrans::transport::{SessionHandler, SessionSender, TransportServerBuilder};
use msgtrans::SessionId;
use std::error::Error;
use std::io::Read;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const OVERHEAD: Duration = Duration::from_secs(40);
const HIGHEST_NANOS: u64 = 60_000_000_000;
const ID_BYTES: usize = 4;

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    OneWay,
    Echo,
}

#[derive(Clone)]
struct Workload {
    text: String,
    kind: Kind,
    payload_bytes: usize,
    connections: usize,
    window: u32,
}

impl Workload {
    fn parse(text: &str) -> Fallible<Workload> {
        let parts: Vec<&str> = text.split(':').collect();
        if parts.len() < 3 || parts.len() > 4 {
            return Err(format!("workload {text} is not kind:payload:connections[:window]").into());
        }
        let (kind, usual_window) = match parts[0] {
            "oneway" => (Kind::OneWay, 1),
            "echo" => (Kind::Echo, 256),
            "pingpong" => (Kind::Echo, 1),
            other => return Err(format!("this peer has no workload {other}").into()),
        };
        let window = match parts.get(3) {
            Some(number) => number.parse()?,
            None => usual_window,
        };
        let workload = Workload {
            text: text.to_string(),
            kind,
            payload_bytes: parts[1].parse()?,
            connections: parts[2].parse()?,
            window,
        };
        if workload.payload_bytes < ID_BYTES {
            return Err(format!("a payload of {} bytes cannot carry an id", workload.payload_bytes).into());
        }
        Ok(workload)
    }
}

// ---- server ----

struct Answers {
    kind: Kind,
    count: AtomicU64,
}

#[async_trait]
impl SessionHandler for Answers {
    async fn on_message(&self, session: SessionId, packet: Packet, sender: SessionSender) {
        let sent = match (packet.header.packet_type, self.kind) {
            (PacketType::Request, Kind::OneWay) => {
                let count = self.count.load(Ordering::Relaxed).to_string().into_bytes();
                sender.respond(packet.header.message_id, packet.header.biz_type, count).await
            }
            (PacketType::Request, Kind::Echo) => {
                sender
                    .respond(packet.header.message_id, packet.header.biz_type, packet.payload)
                    .await
            }
            (_, Kind::OneWay) => {
                self.count.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            (_, Kind::Echo) => sender.send_data(packet.payload).await,
        };
        if let Err(error) = sent {
            eprintln!("{session}: {error}");
        }
    }
}

async fn serve(web_socket: bool, workload: Workload) -> Fallible<()> {
    // The library does not tell which port it was given, so one is looked for that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let address = format!("127.0.0.1:{port}");
    let handler = Arc::new(Answers { kind: workload.kind, count: AtomicU64::new(0) });
    let builder = TransportServerBuilder::new()
        .max_connections(10_000)
        .with_handler(handler)
        .actor_buffer_size(4096);
    let server = if web_socket {
        builder.with_protocol(WebSocketServerConfig::new(&address)?).build().await?
    } else {
        builder.with_protocol(TcpServerConfig::new(&address)?).build().await?
    };
    let serving = tokio::spawn(async move { server.serve().await });
    let deadline = Instant::now() + CONNECT_TIMEOUT;
    loop {
        let mut probe = connect(web_socket, &address).await?;
        if probe.connect().await.is_ok() {
            probe.disconnect().await?;
            break;
        }
        if serving.is_finished() || Instant::now() > deadline {
            return Err(format!("it does not listen at {address}").into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("LISTENING {port}");
    serving.await??;
    Ok(())
}

// ---- client ----

#[derive(Default)]
struct Books {
    measuring: AtomicBool,
    over: AtomicBool,
    errors: AtomicU64,
}

async fn connect(web_socket: bool, address: &str) -> Fallible<TransportClient> {
    let builder = TransportClientBuilder::new();
    Ok(if web_socket {
        let config = WebSocketClientConfig::new(&format!("ws://{address}"))?.with_connect_timeout(CONNECT_TIMEOUT);
        builder.with_protocol(config).build().await?
    } else {
        let config = TcpClientConfig::new(address)?.with_connect_timeout(CONNECT_TIMEOUT).with_nodelay(true);
        builder.with_protocol(config).build().await?
    })
}

/// Sends as fast as the library lets it.
async fn flood(client: Arc<TransportClient>, payload: Vec<u8>, books: Arc<Books>) -> Fallible<()> {
    while !books.over.load(Ordering::Relaxed) {
        client.send(&payload).await?;
    }
    Ok(())
}

/// Keeps a window of packets in flight; the library names packets itself, so the payload says which one came back.
async fn echo(client: TransportClient, workload: Workload, books: Arc<Books>) -> Fallible<Histogram<u64>> {
    let mut times = Histogram::new_with_bounds(1, HIGHEST_NANOS, 3)?;
    let mut events = client.subscribe_events();
    let window = workload.window;
    let mut expected: Vec<u32> = (0..window).collect();
    let mut sent = vec![Instant::now(); window as usize];
    let mut payload = vec![0; workload.payload_bytes];
    for slot in 0..window {
        payload[..ID_BYTES].copy_from_slice(&slot.to_be_bytes());
        sent[slot as usize] = Instant::now();
        client.send(&payload).await?;
    }
    while !books.over.load(Ordering::Relaxed) {
        let reply = match events.recv().await {
            Ok(ClientEvent::MessageReceived(reply)) => reply,
            Ok(ClientEvent::Disconnected { .. }) => return Err("the server has closed".into()),
            Ok(_) => continue,
            Err(RecvError::Lagged(lost)) => {
                books.errors.fetch_add(lost, Ordering::Relaxed);
                continue;
            }
            Err(RecvError::Closed) => return Err("the events have ended".into()),
        };
        let now = Instant::now();
        let id = u32::from_be_bytes(reply.data[..ID_BYTES].try_into()?);
        let slot = (id % window) as usize;
        if expected[slot] != id || reply.data.len() != workload.payload_bytes {
            books.errors.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        if books.measuring.load(Ordering::Relaxed) {
            times.saturating_record((now - sent[slot]).as_nanos() as u64);
        }
        let next = id.wrapping_add(window);
        expected[slot] = next;
        sent[slot] = now;
        payload[..ID_BYTES].copy_from_slice(&next.to_be_bytes());
        client.send(&payload).await?;
    }
    client.disconnect().await?;
    Ok(times)
}

async fn ask(client: &TransportClient) -> Fallible<u64> {
    let answer = client.request(b"").await?;
    let digits = answer.data.ok_or("no answer to the request for the count")?;
    Ok(String::from_utf8(digits)?.parse()?)
}

async fn pass<T>(time: Duration, loads: &[JoinHandle<Fallible<T>>]) -> Fallible<()> {
    tokio::time::sleep(time).await;
    if loads.iter().any(JoinHandle::is_finished) {
        return Err("the load ended early".into());
    }
    Ok(())
}

async fn warm<T>(time: Duration, loads: &[JoinHandle<Fallible<T>>]) -> Fallible<()> {
    println!("LOADED");
    pass(time, loads).await
}

async fn window<T>(time: Duration, loads: &[JoinHandle<Fallible<T>>], books: &Books) -> Fallible<()> {
    println!("BEGIN");
    books.measuring.store(true, Ordering::Relaxed);
    pass(time, loads).await?;
    books.measuring.store(false, Ordering::Relaxed);
    println!("END");
    Ok(())
}

async fn measure(
    contestant: &str,
    workload: Workload,
    address: String,
    warm_up: Duration,
    time: Duration,
) -> Fallible<()> {
    let web_socket = contestant.ends_with("-ws");
    let books = Arc::new(Books::default());
    let mut times = Histogram::<u64>::new_with_bounds(1, HIGHEST_NANOS, 3)?;
    let packets;
    let seconds;
    let mut clients = Vec::new();
    for _ in 0..workload.connections {
        let mut client = connect(web_socket, &address).await?;
        client.connect().await?;
        clients.push(client);
    }
    if workload.kind == Kind::OneWay {
        let clients: Vec<Arc<TransportClient>> = clients.into_iter().map(Arc::new).collect();
        let loads: Vec<_> = clients
            .iter()
            .map(|client| tokio::spawn(flood(client.clone(), vec![0; workload.payload_bytes], books.clone())))
            .collect();
        warm(warm_up, &loads).await?;
        let before = ask(&clients[0]).await?;
        let start = Instant::now();
        window(time, &loads, &books).await?;
        packets = ask(&clients[0]).await? - before;
        seconds = start.elapsed().as_secs_f64();
        books.over.store(true, Ordering::Relaxed);
    } else {
        let loads: Vec<_> = clients
            .into_iter()
            .map(|client| tokio::spawn(echo(client, workload.clone(), books.clone())))
            .collect();
        warm(warm_up, &loads).await?;
        let start = Instant::now();
        window(time, &loads, &books).await?;
        seconds = start.elapsed().as_secs_f64();
        books.over.store(true, Ordering::Relaxed);
        for load in loads {
            times.add(load.await??)?;
        }
        packets = times.len();
    }
    let micros = |quantile: f64| times.value_at_quantile(quantile) as f64 / 1e3;
    println!(
        concat!(
            "{{\"contestant\":\"{}\",\"workload\":\"{}\",\"seconds\":{:.6},\"packets\":{},\"rate\":{:.0},\"errors\":{},",
            "\"allocated\":0,\"p50\":{:.1},\"p90\":{:.1},\"p99\":{:.1},\"p999\":{:.1},\"max\":{:.1},",
            "\"serverCpu\":0,\"clientCpu\":0,\"steal\":0,\"hop\":0}}"
        ),
        contestant,
        workload.text,
        seconds,
        packets,
        packets as f64 / seconds,
        books.errors.load(Ordering::Relaxed),
        micros(0.5),
        micros(0.9),
        micros(0.99),
        micros(0.999),
        times.max() as f64 / 1e3,
    );
    Ok(())
}

// ---- the process ----

/// Ends the process with its standard input, so that none outlives who started it.
fn end_with_input() {
    std::thread::spawn(|| {
        let mut input = std::io::stdin();
        let mut ignored = [0; 64];
        while matches!(input.read(&mut ignored), Ok(1..)) {}
        std::process::exit(0);
    });
}

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    end_with_input();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Err(error) = run(&arguments).await {
        eprintln!("{error}");
        std::process::exit(1);
    }
    std::process::exit(0);
}

async fn run(arguments: &[String]) -> Fallible<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["server", contestant, workload, _] => serve(contestant.ends_with("-ws"), Workload::parse(workload)?).await,
        ["client", contestant, workload, _, host, port, warm_up, time] => {
            let warm_up = Duration::from_millis(warm_up.parse()?);
            let time = Duration::from_millis(time.parse()?);
            let measured = measure(contestant, Workload::parse(workload)?, format!("{host}:{port}"), warm_up, time);
            tokio::time::timeout(warm_up + time + OVERHEAD, measured).await?
        }
        _ => Err(format!("not a server or client call: {arguments:?}").into()),
    }
}
