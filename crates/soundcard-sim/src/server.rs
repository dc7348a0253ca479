//! The sound server: a `PulseAudio` of its own, with nothing loaded but what the card asks for.

use std::{
    fs,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Why the virtual card does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// A program is missing.
    #[error(
        "The virtual sound card needs PulseAudio (Debian: pulseaudio, pulseaudio-utils). Install it and try again."
    )]
    NotInstalled,
    /// The server ended or never answered.
    #[error("PulseAudio did not start: {0}")]
    NotStarted(String),
    /// The server refused.
    #[error("PulseAudio refused “{asked}”: {answer}")]
    Refused {
        /// What was asked.
        asked: String,
        /// What it said.
        answer: String,
    },
    /// There is no such device.
    #[error("The virtual card has no device “{0}”.")]
    NoDevice(String),
    /// The pipe to a device.
    #[error("The pipe to a virtual device failed: {0}")]
    Pipe(#[source] io::Error),
    /// A folder, a thread or a program.
    #[error("The virtual sound card could not be set up: {0}")]
    System(#[from] io::Error),
    /// A WAV file.
    #[error("{path}: {1}", path = .0.display())]
    Wav(PathBuf, #[source] hound::Error),
}

/// Whether `PulseAudio` is installed, so that a [`VirtualCard`](crate::VirtualCard) can be started.
pub fn available() -> bool {
    cfg!(target_os = "linux") && ["pulseaudio", "pactl"].iter().all(|program| answers(program))
}

fn answers(program: &str) -> bool {
    let run = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

/// Runs the server beside a `cat` that reads our pipe: when this process dies in whatever way, the pipe closes, `cat`
/// ends, and the server is killed.
const KEEPER: &str = r#"
HOME="$1/home" DBUS_SESSION_BUS_ADDRESS=disabled: \
pulseaudio -n --daemonize=no --use-pid-file=no --exit-idle-time=-1 --realtime=no --high-priority=no \
    --disallow-exit=yes --log-target="file:$1/pulse.log" \
    -L "module-native-protocol-unix auth-anonymous=1 socket=$1/native" </dev/null >"$1/pulse.out" 2>&1 &
echo $!
cat >/dev/null
kill -9 $! 2>/dev/null
"#;

/// A running server.
pub(crate) struct Server {
    keeper: Child,
    pid: String,
    folder: PathBuf,
}

/// What a program needs in its environment to find the server of this folder; the server need not run yet.
pub(crate) fn env_of(folder: &Path) -> Vec<(String, String)> {
    let at = |name: &str| folder.join(name).display().to_string();
    [
        ("PULSE_SERVER", format!("unix:{}", at("native"))),
        ("PULSE_RUNTIME_PATH", at("run")),
        ("PULSE_COOKIE", at("home/cookie")),
        ("ALSA_CONFIG_PATH", at("asound.conf")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

impl Server {
    /// Starts a server that listens in `folder`, and waits until it answers.
    pub(crate) fn start(folder: &Path) -> Result<Self, CardError> {
        if !available() {
            return Err(CardError::NotInstalled);
        }
        prepare(folder)?;
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(folder)
            .envs(env_of(folder))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut pid = String::new();
        if let Some(stdout) = keeper.stdout.take() {
            BufReader::new(stdout).read_line(&mut pid)?;
        }
        let server = Self { keeper, pid: pid.trim().to_owned(), folder: folder.into() };
        server.await_answer()?;
        Ok(server)
    }

    fn await_answer(&self) -> Result<(), CardError> {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.ask(&["info"]).is_err() {
            if Instant::now() > deadline || !self.runs() {
                let said = ["pulse.out", "pulse.log"].map(|name| fs::read_to_string(self.folder.join(name)));
                return Err(CardError::NotStarted(said.into_iter().flatten().collect()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn runs(&self) -> bool {
        self.signal("-0")
    }

    fn signal(&self, signal: &str) -> bool {
        let kill = format!("kill {signal} {}", self.pid);
        Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status().is_ok_and(|done| done.success())
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&self) {
        self.signal("-9");
    }

    /// Stops it without ending it: it answers nobody.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets a frozen server go on.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Loads a module and returns its number.
    pub(crate) fn load(&self, module: &str, arguments: &[String]) -> Result<String, CardError> {
        let mut asked = vec!["load-module", module];
        asked.extend(arguments.iter().map(String::as_str));
        self.ask(&asked).map(|answer| answer.trim().to_owned())
    }

    /// Asks with `pactl`.
    pub(crate) fn ask(&self, asked: &[&str]) -> Result<String, CardError> {
        let run =
            Command::new("pactl").args(asked).envs(env_of(&self.folder)).stdin(Stdio::null()).output()?;
        if run.status.success() {
            return Ok(String::from_utf8_lossy(&run.stdout).into_owned());
        }
        let answer = String::from_utf8_lossy(&run.stderr).trim().to_owned();
        Err(CardError::Refused { asked: asked.join(" "), answer })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn prepare(folder: &Path) -> io::Result<()> {
    for name in ["run", "home"] {
        fs::create_dir_all(folder.join(name))?;
    }
    private(&folder.join("run"))?;
    // What a server that was killed left behind.
    let _ = fs::remove_file(folder.join("native"));
    fs::write(folder.join("home/cookie"), [7_u8; 256])?;
    // Programs that speak ALSA find the same card, where the plugin for it is installed.
    let server = folder.join("native");
    let pcm = format!(
        "</usr/share/alsa/alsa.conf>\npcm.!default {{ type pulse server \"unix:{0}\" }}\nctl.!default {{ type pulse \
         server \"unix:{0}\" }}\n",
        server.display()
    );
    fs::write(folder.join("asound.conf"), pcm)
}

/// The server refuses a folder that others can read.
#[cfg(unix)]
fn private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn private(_: &Path) -> io::Result<()> {
    Ok(())
}
