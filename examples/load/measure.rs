//! What is measured, in order. In: the databases. Out: the table. Must not know: how requests are sent.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::chance::{Chance, STEP};
use super::http::{Connection, Rate, post, pump};
use super::live::Clients;
use super::process::Process;
use super::words::Text;
use super::{Arguments, at, servers};

/// Things that are compared take turns so often.
const ROUNDS: usize = 3;
/// Searches, each for other words.
const SEARCHES: usize = 300;
/// Events to all live clients; the first one is not counted.
const EVENTS: usize = 10;
const FRONT: &str = "query($after: String) { planet { entries(first: 50, after: $after) {
    nodes { id title url publishedAt source { id title siteUrl } authors { name } }
    pageInfo { endCursor hasNextPage } } } }";
const DOWN: &str = "query($after: String) { planet { entries(first: 100, after: $after) {
    pageInfo { endCursor } } } }";
const SEARCH: &str = "query($words: String!) { search(query: $words, first: 20) {
    edges { score snippet node { id title url publishedAt source { title } } } } }";

/// A server under load.
struct Server {
    process: Process,
    port: u16,
    request: Vec<u8>,
}

impl Server {
    async fn start(arguments: &[&str], request: Vec<u8>) -> Self {
        let mut process = Process::start(arguments);
        let port = process.hear().await.parse().unwrap();
        Self {
            process,
            port,
            request,
        }
    }
}

/// Measures everything.
pub async fn all(arguments: &Arguments) {
    let folder = arguments.folder.clone().unwrap();
    let [large, small] = arguments.sizes();
    let large = super::database(&folder, large).await;
    let small = super::database(&folder, small).await;
    let time = Duration::from_secs(arguments.seconds);
    let program = Server::start(&["program", &large, "32"], post(FRONT, &json!({}))).await;
    println!("| what | measured | beside it | ratio | wanted |");
    println!("|---|---|---|---|---|");
    cached(&program, &folder.join("answer.json"), time).await;
    uncached(&large, &small, arguments, time).await;
    search(&program, arguments).await;
    live(program, arguments).await;
}

fn row(what: &str, measured: &str, beside: &str, ratio: &str, wanted: &str) {
    println!("| {what} | {measured} | {beside} | {ratio} | {wanted} |");
}

/// Loads several servers in turns; gives the middle of each one's rates.
async fn in_turns<const N: usize>(servers: [(&Server, &[u8]); N], time: Duration) -> [Rate; N] {
    let mut rates: [Vec<Rate>; N] = [const { Vec::new() }; N];
    for _ in 0..ROUNDS {
        for ((server, request), rates) in servers.iter().zip(&mut rates) {
            let request = request.to_vec();
            rates.push(pump(&server.process, server.port, request, time).await);
        }
    }
    rates.map(|mut rates| {
        rates.sort_by(|one, other| one.per_second.total_cmp(&other.per_second));
        rates[ROUNDS / 2]
    })
}

fn told(rate: Rate) -> String {
    let Rate {
        per_second,
        busy,
        median,
    } = rate;
    format!(
        "{per_second:.0}/s, {median:.2} ms, core {:.0} % busy",
        busy * 100.0
    )
}

async fn cached(program: &Server, file: &std::path::Path, time: Duration) {
    let mut connection = Connection::open(program.port).await;
    let answer = connection.ask(&program.request).await;
    std::fs::write(file, answer).unwrap();
    let file = file.display().to_string();
    let bare = Server::start(&["bare", &file], program.request.clone()).await;
    let [bare, cached] =
        in_turns([(&bare, &bare.request), (program, &program.request)], time).await;
    let ratio = format!("{:.2}", cached.per_second / bare.per_second);
    let what = "front page, kept / bare axum handler, same bytes";
    row(what, &told(cached), &told(bare), &ratio, "0.80");
}

async fn uncached(large: &str, small: &str, arguments: &Arguments, time: Duration) {
    let front = post(FRONT, &json!({}));
    let page = b"GET /page HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec();
    let by_hand = Server::start(&["by-hand", large], page).await;
    let few = Server::start(&["program", small, "0"], front.clone()).await;
    let many = Server::start(&["program", large, "0"], front).await;
    let depth = arguments.entries / 10 * 9;
    let after = down(&many, depth).await;
    let deep = post(FRONT, &json!({"after": after}));
    let [by_hand, few, many, deep] = in_turns(
        [
            (&by_hand, &by_hand.request),
            (&few, &few.request),
            (&many, &many.request),
            (&many, &deep),
        ],
        time,
    )
    .await;
    let ratio = |one: Rate, other: Rate| format!("{:.2}", one.per_second / other.per_second);
    let what = "front page, nothing kept / axum, sqlx and serde by hand";
    row(
        what,
        &told(many),
        &told(by_hand),
        &ratio(many, by_hand),
        "1.00",
    );
    let what = format!(
        "front page of {} entries / of {}",
        arguments.entries, arguments.few
    );
    row(&what, &told(many), &told(few), &ratio(many, few), "0.85");
    let what = format!("page {depth} entries down / front page");
    row(&what, &told(deep), &told(many), &ratio(deep, many), "0.80");
}

/// The cursor so many entries down.
async fn down(server: &Server, depth: u64) -> Value {
    let mut connection = Connection::open(server.port).await;
    let mut after = Value::Null;
    for _ in 0..depth / 100 {
        let request = post(DOWN, &json!({"after": after}));
        let answer: Value = serde_json::from_slice(connection.ask(&request).await).unwrap();
        after = answer["data"]["planet"]["entries"]["pageInfo"]["endCursor"].clone();
        assert!(after.is_string());
    }
    after
}

async fn search(program: &Server, arguments: &Arguments) {
    let [large, _] = arguments.sizes();
    let mut chance = Chance(STEP.wrapping_mul(7));
    let mut connection = Connection::open(program.port).await;
    let mut times = Vec::new();
    for _ in 0..SEARCHES {
        let entry = large.entries - chance.below(large.indexed);
        let text = Text::of(entry);
        let (first, second) = text.two_words(&mut chance);
        let request = post(SEARCH, &json!({"words": format!("{first} {second}")}));
        let asked = Instant::now();
        let answer: Value = serde_json::from_slice(connection.ask(&request).await).unwrap();
        times.push(asked.elapsed().as_secs_f64() * 1_000.0);
        assert_ne!(answer["data"]["search"]["edges"][0], Value::Null);
    }
    let (median, most) = (at(&mut times, 0.5), at(&mut times, 0.95));
    let what = format!("search for two words in {} entries", large.indexed);
    let measured = format!("{median:.1} ms, 95 % within {most:.1} ms");
    row(&what, &measured, "", "", "20 ms");
}

async fn live(mut program: Server, arguments: &Arguments) {
    let before = program.process.memory();
    let mut clients = Clients::connect(program.port, arguments.clients).await;
    let feed = servers::feed().await;
    let (mut delays, mut from_visit) = (Vec::new(), Vec::new());
    for event in 1..=EVENTS {
        program.process.tell(&feed).await;
        let last = clients.all_have(event).await;
        let said = program.process.hear().await;
        let (began, committed) = said.split_once(' ').unwrap();
        if event > 1 {
            let since = |when: &str| (last as f64 - when.parse::<f64>().unwrap()) / 1_000.0;
            delays.push(since(committed));
            from_visit.push(since(began));
        }
    }
    let after = program.process.memory();
    let each = (after.own - before.own) as f64 / arguments.clients as f64;
    let what = format!("memory for each of {} live clients", arguments.clients);
    row(&what, &format!("{each:.1} KB"), "", "", "15 KB");
    let what = "one event to all of them, from commit to the last";
    let measured = format!(
        "{:.0} ms (from the beginning of the visit {:.0} ms)",
        at(&mut delays, 0.5),
        at(&mut from_visit, 0.5)
    );
    row(what, &measured, "", "", "150 ms");
    let measured = format!(
        "{} MB its own, {} MB at the most with mapped pages of the database",
        after.own / 1_024,
        after.peak / 1_024
    );
    row("memory after all of it", &measured, "", "", "150 MB");
}
