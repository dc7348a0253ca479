//! What `strace` wrote about the network, judged line by line.
//!
//! Always holds: what cannot be judged counts as leaving the machine.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail, ensure};

/// Everything that can open or use a socket. `io_uring` could do so unseen; `execve` names the programs that were seen.
const CALLS: &str = "trace=%network,io_uring_setup,execve";

/// Calls that name whom they go to.
const OUTGOING: [&str; 4] = ["connect", "sendto", "sendmsg", "sendmmsg"];
/// Calls that name where something came from.
const INCOMING: [&str; 5] = ["accept", "accept4", "recvfrom", "recvmsg", "recvmmsg"];
/// The port of name servers: one on this machine asks others.
const DNS: u16 = 53;
/// Sockets of programs on this machine that look names up for others.
const RESOLVERS: [&str; 2] = ["io.systemd.Resolve", "avahi-daemon"];

/// The command that runs `program` and all its children under a trace in `file`. The contents of messages are left out.
pub fn traced(program: &Path, file: &Path) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-q", "-s", "0", "-e", CALLS, "-o"]).arg(file).arg("--").arg(program);
    command
}

/// What the programs did.
#[derive(Debug, Default)]
pub struct Trace {
    /// Lines that go outside, or may.
    pub outside: Vec<String>,
    /// Addresses of this machine that were connected to or sent to.
    pub reached: BTreeSet<String>,
    /// Addresses of this machine that were listened on.
    pub listening: BTreeSet<String>,
    /// Sockets in the file system, and abstract ones.
    pub unix: BTreeSet<String>,
    /// Talks with the kernel about its network, which stay in it.
    pub netlink: usize,
    /// Programs that were started, by their names.
    pub programs: BTreeSet<String>,
}

impl Trace {
    /// Reads what `strace` wrote.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let bytes =
            std::fs::read(file).with_context(|| format!("strace left nothing in {}", file.display()))?;
        Ok(Self::of(&String::from_utf8_lossy(&bytes)))
    }

    /// Judges these lines.
    pub fn of(text: &str) -> Self {
        let mut trace = Self::default();
        for line in text.lines() {
            trace.judge(line);
        }
        trace
    }

    /// Fails when anything went outside, or when one of `programs` was not seen at all.
    pub fn ensure_silent(&self, programs: &[&str]) -> anyhow::Result<()> {
        for program in programs {
            ensure!(self.programs.contains(*program), "{program} was not seen: {:?}", self.programs);
        }
        if !self.outside.is_empty() {
            bail!("something left the machine:\n{}", self.outside.join("\n"));
        }
        Ok(())
    }

    fn judge(&mut self, line: &str) {
        let Some((call, rest)) = call(line) else { return };
        match call {
            // The end of an interrupted call: its arguments stood at its beginning.
            "execve" | "socket" | "io_uring_setup" if line.contains(" resumed>") => {}
            "execve" => self.program(rest),
            "socket" => self.socket(line, rest),
            "io_uring_setup" => self.outside.push(line.to_owned()),
            call if OUTGOING.contains(&call) || INCOMING.contains(&call) || call == "bind" => {
                self.addresses(line, call, rest);
            }
            _ => {}
        }
    }

    fn program(&mut self, rest: &str) {
        let path = quoted(rest).unwrap_or_default();
        if !rest.contains(") = -1") {
            self.programs.insert(path.rsplit('/').next().unwrap_or(path).to_owned());
        }
    }

    fn socket(&mut self, line: &str, rest: &str) {
        let family = rest.split(',').next().unwrap_or_default();
        let raw = family.starts_with("AF_INET") && rest.contains("SOCK_RAW");
        match family {
            "AF_UNIX" | "AF_LOCAL" | "AF_INET" | "AF_INET6" if !raw => {}
            "AF_NETLINK" => self.netlink += 1,
            _ => self.outside.push(line.to_owned()),
        }
    }

    fn addresses(&mut self, line: &str, call: &str, rest: &str) {
        let mut addresses = rest.split("sa_family=").skip(1).peekable();
        // The end of an interrupted call repeats no address.
        if addresses.peek().is_none() && matches!(call, "connect" | "bind") && !line.contains(" resumed>") {
            self.outside.push(line.to_owned());
        }
        for address in addresses {
            if !self.is_local(call, address) {
                self.outside.push(line.to_owned());
            }
        }
    }

    /// Whether an address, as it stands after `sa_family=`, is on this machine.
    fn is_local(&mut self, call: &str, address: &str) -> bool {
        let family = address.split([',', '}']).next().unwrap_or_default();
        match family {
            "AF_UNIX" | "AF_LOCAL" => {
                let path = quoted(address).unwrap_or("(without a name)");
                self.unix.insert(path.to_owned());
                !RESOLVERS.iter().any(|resolver| path.contains(resolver))
            }
            // An unspecified address undoes a connection.
            "AF_NETLINK" | "AF_UNSPEC" => true,
            "AF_INET" | "AF_INET6" => {
                let Some((ip, port)) = internet(address) else { return false };
                let outgoing = OUTGOING.contains(&call);
                if !ip.to_canonical().is_loopback() || (outgoing && port == DNS) {
                    return false;
                }
                if outgoing {
                    self.reached.insert(format!("{ip} port {port}"));
                } else if call == "bind" {
                    self.listening.insert(format!("{ip} port {port}"));
                }
                true
            }
            _ => false,
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |set: &BTreeSet<String>| set.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        writeln!(out, "  outside: {}", self.outside.len())?;
        writeln!(out, "  programs: {}", list(&self.programs))?;
        writeln!(out, "  listening on this machine: {}", list(&self.listening))?;
        writeln!(out, "  reached on this machine: {}", list(&self.reached))?;
        writeln!(out, "  netlink sockets: {}; unix sockets: {}", self.netlink, list(&self.unix))
    }
}

/// The name of a system call and what follows it, of a line such as `17 connect(3, …) = 0` or
/// `17 <... connect resumed>…) = 0`.
fn call(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start_matches(|letter: char| letter.is_ascii_digit()).trim_start();
    if let Some(resumed) = line.strip_prefix("<... ") {
        return resumed.split_once(" resumed>");
    }
    let (name, rest) = line.split_once('(')?;
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some((name, rest))
}

/// The first text between quotes.
fn quoted(text: &str) -> Option<&str> {
    text.split('"').nth(1)
}

/// The address in `AF_INET, sin_port=htons(9), sin_addr=inet_addr("192.0.2.1")}` and its longer sister.
fn internet(address: &str) -> Option<(IpAddr, u16)> {
    let port = address.split("htons(").nth(1)?.split(')').next()?.parse().ok()?;
    let ip = quoted(address)?.parse().ok()?;
    Some((ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn leaves(line: &str) {
        assert_eq!(Trace::of(line).outside, [line]);
    }

    #[track_caller]
    fn stays(line: &str) -> Trace {
        let trace = Trace::of(line);
        assert!(trace.outside.is_empty(), "{:?}", trace.outside);
        trace
    }

    #[test]
    fn other_machines_are_outside() {
        leaves(
            r#"9191  connect(3, {sa_family=AF_INET, sin_port=htons(9), sin_addr=inet_addr("192.0.2.1")}, 16) = -1 EINPROGRESS (Operation now in progress)"#,
        );
        leaves(
            r#"9237  sendto(3, ""..., 1, 0, {sa_family=AF_INET6, sin6_port=htons(9), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, 28) = 1"#,
        );
        leaves(
            r#"7 connect(3, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::ffff:192.0.2.1", &sin6_addr), sin6_scope_id=0}, 28 <unfinished ...>"#,
        );
        leaves(
            r#"7 sendmsg(3, {msg_name={sa_family=AF_INET, sin_port=htons(1900), sin_addr=inet_addr("239.255.255.250")}, msg_namelen=16, msg_iov=[...], msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = 9"#,
        );
        leaves(
            r#"7 <... accept4 resumed>{sa_family=AF_INET, sin_port=htons(50000), sin_addr=inet_addr("192.168.1.7")}, [128 => 16], SOCK_CLOEXEC) = 9"#,
        );
    }

    #[test]
    fn being_reachable_from_outside_is_outside() {
        leaves(
            r#"7 bind(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("0.0.0.0")}, 16) = 0"#,
        );
    }

    #[test]
    fn asking_for_names_is_outside_whoever_is_asked() {
        leaves(
            r#"7 connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("10.255.255.53")}, 16) = 0"#,
        );
        leaves(
            r#"7 connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, 16) = 0"#,
        );
        leaves(
            r#"7 connect(3, {sa_family=AF_UNIX, sun_path="/run/systemd/resolve/io.systemd.Resolve"}, 42) = 0"#,
        );
    }

    #[test]
    fn what_cannot_be_judged_is_outside() {
        leaves("7 socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) = 3");
        leaves("7 socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) = 3");
        leaves("7 socket(AF_VSOCK, SOCK_STREAM, 0) = 3");
        leaves("7 connect(3, 0x7ffd65c87dc0, 16) = -1 EFAULT (Bad address)");
        leaves("7 connect(3, {sa_family=AF_VSOCK, svm_cid=0x2, svm_port=0x1}, 16) = 0");
        leaves("7 io_uring_setup(8, {flags=0}) = 3");
    }

    #[test]
    fn this_machine_is_not_outside() {
        let own = stays(
            r#"7 connect(3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}, 16) = 0"#,
        );
        assert_eq!(Vec::from_iter(own.reached), ["127.0.0.1 port 8080"]);
        let own = stays(
            r#"7 bind(3, {sa_family=AF_INET6, sin6_port=htons(0), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = 0"#,
        );
        assert_eq!(Vec::from_iter(own.listening), ["::1 port 0"]);
        let own = stays(r#"7 connect(3, {sa_family=AF_UNIX, sun_path=@"/tmp/.X11-unix/X101"}, 22) = 0"#);
        assert_eq!(Vec::from_iter(own.unix), ["/tmp/.X11-unix/X101"]);
        assert_eq!(stays("7 socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 5").netlink, 1);
        stays("7 <... connect resumed>)            = 0");
        stays("7 <... socket resumed>)             = 18");
        stays("7 sendmsg(3, {msg_name=NULL, msg_namelen=0, msg_iov=[...], msg_iovlen=1}, 0) = 9");
        stays("7 +++ exited with 0 +++");
        stays(
            "7 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=9, si_uid=0, si_status=0, si_utime=0, si_stime=0} ---",
        );
        // The kernel's own tables come over netlink, with addresses of every kind in them.
        stays(
            r#"7 recvmsg(5, {msg_name={sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, msg_iov=[{iov_base=[{rtm_family=AF_INET, [{nla_type=RTA_GATEWAY}, inet_addr("192.0.2.9")]}]}]}, 0) = 296"#,
        );
        // An address of one's own that is merely looked at.
        stays(
            r#"7 getsockname(3, {sa_family=AF_INET, sin_port=htons(53218), sin_addr=inet_addr("192.0.2.2")}, [16]) = 0"#,
        );
    }

    #[test]
    fn a_program_that_was_not_seen_proves_nothing() {
        let trace = Trace::of(
            "7 execve(\"/usr/bin/hark\", [...], 0x7ff) = 0\n7 execve(\"/bin/other\", [...], 0x7ff) = -1 ENOENT (No such)",
        );
        assert!(trace.ensure_silent(&["hark"]).is_ok());
        assert!(trace.ensure_silent(&["other"]).is_err());
    }
}
