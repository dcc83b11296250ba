//! The example `chat`: all lines come to all who read, in order; who does not read loses the oldest, and is told; nobody waits
//! for him.
#![cfg(unix)]

mod running;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use running::{Running, number};

struct Client {
    from: BufReader<TcpStream>,
    to: TcpStream,
    name: &'static str,
}

impl Client {
    /// In the room when this returns.
    fn join(service: &Running, name: &'static str) -> Self {
        let to = TcpStream::connect(service.address).unwrap();
        let from = BufReader::new(to.try_clone().unwrap());
        let mut client = Client { from, to, name };
        client.say(&format!("/name {name}\n/join here"));
        client.hears(&format!("* {name} has come to here"));
        client
    }

    fn say(&mut self, line: &str) {
        self.to.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    }

    #[track_caller]
    fn hears(&mut self, line: &str) {
        assert_eq!(self.line(), line, "{}", self.name);
    }
}

#[test]
fn who_reads_gets_every_line_and_who_does_not_loses_the_oldest_and_is_told() {
    let service = Running::start(&["chat", "--lines", "32"]);
    let mut slow = Client::join(&service, "slow");
    let mut ann = Client::join(&service, "ann");
    let mut bob = Client::join(&service, "bob");
    ann.hears("* bob has come to here");
    // More than the sockets of one who does not read can hold.
    let long = "x".repeat(64 * 1024);
    let rounds = 400;
    for round in 0..rounds {
        let speaker = if round % 2 == 0 { &mut ann } else { &mut bob };
        let line = format!("{round} {long}");
        speaker.say(&line);
        let heard = format!("{}: {line}", speaker.name);
        ann.hears(&heard);
        bob.hears(&heard);
    }
    // He reads at last: in order, with gaps that he is told of.
    slow.hears("* ann has come to here");
    slow.hears("* bob has come to here");
    let (mut next, mut lost) = (0, 0);
    while next < rounds {
        let line = slow.line();
        if let Some(told) = line.strip_prefix("* ").and_then(|line| line.split_once(' ')) {
            let gap: u32 = told.0.parse().unwrap();
            (next, lost) = (next + gap, lost + gap);
            continue;
        }
        let said = line.split(' ').nth(1).unwrap();
        assert_eq!(said, next.to_string(), "{}", &line[..20]);
        next += 1;
    }
    assert!(lost > 0 && lost < rounds, "{lost} of {rounds} were lost");

    bob.say("/quit");
    ann.hears("* bob has gone");
    assert_eq!(bob.line(), "", "the connection was closed");
    service.interrupt();
    assert_eq!(ann.line(), "", "the connection was closed");
    let said = service.end();
    assert_eq!(number(&said, "lost by slow readers"), u64::from(lost), "{said}");
    // Three joins are heard by 1, 2 and 3, each line by 3, and that bob has gone by 2.
    assert_eq!(number(&said, "lines for connections"), u64::from(rounds) * 3 + 6 + 2, "{said}");
    assert_eq!(number(&said, "for those who had gone"), 0, "{said}");
}

#[test]
fn who_talks_faster_than_the_room_can_follow_waits_and_nothing_is_lost() {
    let service = Running::start(&["chat", "--lines", "1000000"]);
    let mut talker = Client::join(&service, "talker");
    let lines = 20_000;
    let mut to = talker.to.try_clone().unwrap();
    let talking = std::thread::spawn(move || {
        for line in 0..lines {
            to.write_all(format!("{line}\n").as_bytes()).unwrap();
        }
    });
    for line in 0..lines {
        talker.hears(&format!("talker: {line}"));
    }
    talking.join().unwrap();
    service.interrupt();
    let said = service.end();
    assert_eq!(number(&said, "written"), lines + 1, "{said}");
}
