//! The card as a test holds it.

use crate::{
    CardError, Gives, MICROPHONE, Recording, SPEAKER, Shape, Sound,
    room::{Clock, Echo, Kind, LONGEST_ECHO, Order, Progress, Room, Voice},
    server::{self, Server},
    sound::frames_in,
    wire::Wire,
};
use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering, mpsc},
    thread::JoinHandle,
    time::Duration,
};
use tempfile::TempDir;

/// A private virtual sound card. It has a loudspeaker [`SPEAKER`] and a microphone [`MICROPHONE`], which are the defaults;
/// more can be plugged in. It ends when it is dropped. All methods may be called from any thread.
pub struct VirtualCard {
    folder: Folder,
    orders: mpsc::Sender<Order>,
    clock: Arc<Clock>,
    // A mutex, because the server and what is plugged into it change together.
    plugged: Mutex<Plugged>,
    room: Option<JoinHandle<()>>,
}

enum Folder {
    Ours(TempDir),
    Given(std::path::PathBuf),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Ours(folder) => folder.path(),
            Self::Given(folder) => folder,
        }
    }
}

#[derive(Default)]
struct Plugged {
    server: Option<Server>,
    devices: Vec<Plug>,
    /// Names of pipes are not used twice.
    pipes: u64,
}

#[derive(Clone)]
struct Plug {
    name: String,
    way: Way,
    shape: Shape,
    /// The server's number; none while unplugged.
    module: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Speaker,
    Microphone(Gives),
}

impl VirtualCard {
    /// Starts one in a folder of its own.
    pub fn start() -> Result<Self, CardError> {
        Self::with_folder(Folder::Ours(tempfile::Builder::new().prefix("soundcard.").tempdir()?))
    }

    /// Starts one in this folder, which is left behind. The environment is known before the card runs:
    /// [`env_of`](Self::env_of).
    pub fn start_in(folder: &Path) -> Result<Self, CardError> {
        Self::with_folder(Folder::Given(folder.into()))
    }

    fn with_folder(folder: Folder) -> Result<Self, CardError> {
        let (orders, inbox) = mpsc::channel();
        let clock = Arc::new(Clock::default());
        let room = Room::new(inbox, Arc::clone(&clock));
        let room = std::thread::Builder::new().name("soundcard-room".into()).spawn(move || room.run())?;
        let card = Self { folder, orders, clock, plugged: Mutex::default(), room: Some(room) };
        card.plugged().server = Some(Server::start(card.folder.path())?);
        card.plug_speaker(SPEAKER, Shape::SPEAKER)?;
        card.plug_microphone(MICROPHONE, Shape::MICROPHONE, Gives::Room)?;
        card.make_default(SPEAKER)?;
        card.make_default(MICROPHONE)?;
        Ok(card)
    }

    /// What a program under test needs in its environment to use this card and no other.
    pub fn env(&self) -> Vec<(String, String)> {
        Self::env_of(self.folder.path())
    }

    /// The same for a card that is going to be started in this folder.
    pub fn env_of(folder: &Path) -> Vec<(String, String)> {
        server::env_of(folder)
    }

    /// Frames at [`RATE`](crate::RATE) since the card was started: the room's clock.
    pub fn now(&self) -> u64 {
        self.clock.now.load(Ordering::Acquire)
    }

    /// What [`now`](Self::now) was when a loudspeaker was last audible: -60 dB over a [`BLOCK`](crate::BLOCK) (root mean
    /// square). 0 if none ever was.
    pub fn last_audible(&self) -> u64 {
        self.clock.audible.load(Ordering::Acquire)
    }

    /// Says this in the room, from the next tick on.
    pub fn speak(&self, sound: &Sound, gain: f32) -> Speech {
        self.voice(sound, gain, Kind::Speech)
    }

    /// Has this heard in the room, again and again, until [`noise_off`](Self::noise_off).
    pub fn noise(&self, sound: &Sound, gain: f32) {
        self.voice(sound, gain, Kind::Noise);
    }

    /// Ends every noise.
    pub fn noise_off(&self) {
        self.order(Order::NoNoise);
    }

    fn voice(&self, sound: &Sound, gain: f32, kind: Kind) -> Speech {
        let goes = Arc::new(Progress::default());
        self.order(Order::Voice(Voice {
            sound: sound.clone(),
            gain,
            next: 0,
            goes: Arc::clone(&goes),
            kind,
        }));
        Speech { goes, length: sound.length() }
    }

    /// What the loudspeakers emit comes to the microphones after `delay` (at most 2 s, exact to the frame), times `gain`.
    pub fn echo(&self, delay: Duration, gain: f32) {
        self.order(Order::Echo(Some(Echo { delay: frames_in(delay).min(LONGEST_ECHO), gain })));
    }

    /// Ends the echo.
    pub fn echo_off(&self) {
        self.order(Order::Echo(None));
    }

    /// Starts a tape. There is one: starting another throws away what the first has heard.
    pub fn record(&self) -> Tape {
        self.order(Order::Record);
        Tape { orders: self.orders.clone() }
    }

    /// Plugs in a loudspeaker; one of this name that was unplugged comes back with this shape.
    pub fn plug_speaker(&self, name: &str, shape: Shape) -> Result<(), CardError> {
        self.plug(Plug { name: name.into(), way: Way::Speaker, shape, module: None })
    }

    /// Plugs in a microphone; one of this name that was unplugged comes back with this shape.
    pub fn plug_microphone(&self, name: &str, shape: Shape, gives: Gives) -> Result<(), CardError> {
        self.plug(Plug { name: name.into(), way: Way::Microphone(gives), shape, module: None })
    }

    /// The microphone gives something else from now on.
    pub fn microphone_gives(&self, name: &str, gives: Gives) {
        self.order(Order::Gives(name.into(), gives));
    }

    /// Pulls the device out.
    pub fn unplug(&self, name: &str) -> Result<(), CardError> {
        let mut plugged = self.plugged();
        let index = plugged.place_of(name)?;
        let module = plugged.devices[index].module.take();
        if let Some(module) = module {
            plugged.ask(&["unload-module", &module])?;
        }
        self.order(Order::Gone(name.into()));
        Ok(())
    }

    /// Puts the device back as it was, and makes it the default again.
    pub fn replug(&self, name: &str) -> Result<(), CardError> {
        let plug = {
            let plugged = self.plugged();
            plugged.devices[plugged.place_of(name)?].clone()
        };
        self.plug(plug)?;
        self.make_default(name)
    }

    /// Makes the device the one that programs get which name none.
    pub fn make_default(&self, name: &str) -> Result<(), CardError> {
        let plugged = self.plugged();
        let command = match plugged.devices[plugged.place_of(name)?].way {
            Way::Speaker => "set-default-sink",
            Way::Microphone(_) => "set-default-source",
        };
        plugged.ask(&[command, name]).map(drop)
    }

    /// Makes the monitor of a loudspeaker (what it plays, as a source) the default microphone: a trap that servers set.
    pub fn make_monitor_default(&self, speaker: &str) -> Result<(), CardError> {
        self.plugged().ask(&["set-default-source", &format!("{speaker}.monitor")]).map(drop)
    }

    /// Kills the sound server; its clients see the connection break. The room's clock goes on.
    pub fn kill_server(&self) {
        let mut plugged = self.plugged();
        plugged.server = None;
        for device in &plugged.devices {
            self.order(Order::Gone(device.name.clone()));
        }
    }

    /// Starts the server again, with the devices that were plugged in.
    pub fn restart_server(&self) -> Result<(), CardError> {
        let server = Server::start(self.folder.path())?;
        let back: Vec<Plug> = {
            let mut plugged = self.plugged();
            plugged.server = Some(server);
            plugged.devices.iter().filter(|device| device.module.is_some()).cloned().collect()
        };
        for device in &back {
            self.plug(device.clone())?;
        }
        // The first of each way is the default again.
        for device in back.iter().rev() {
            self.make_default(&device.name)?;
        }
        Ok(())
    }

    /// Stops the server without ending it, as if it hung.
    pub fn freeze_server(&self) {
        if let Some(server) = &self.plugged().server {
            server.freeze();
        }
    }

    /// Lets a frozen server go on.
    pub fn thaw_server(&self) {
        if let Some(server) = &self.plugged().server {
            server.thaw();
        }
    }

    fn plug(&self, mut plug: Plug) -> Result<(), CardError> {
        let mut plugged = self.plugged();
        plugged.pipes += 1;
        let pipe = self.folder.path().join(format!("{}.{}", plug.name, plugged.pipes));
        let (module, kind) = match plug.way {
            Way::Speaker => ("module-pipe-sink", "sink"),
            Way::Microphone(_) => ("module-pipe-source", "source"),
        };
        let mut arguments = plug.shape.arguments().to_vec();
        arguments.push(format!("file={}", pipe.display()));
        arguments.push(format!("{kind}_name={}", plug.name));
        arguments.push(format!("{kind}_properties=device.description=Virtual_{}", plug.name));
        let server = plugged.server.as_ref().ok_or_else(|| CardError::NoDevice(plug.name.clone()))?;
        plug.module = Some(server.load(module, &arguments)?);
        self.order(match plug.way {
            Way::Speaker => Order::Speaker(plug.name.clone(), Wire::reading(&pipe, plug.shape)?),
            Way::Microphone(gives) => {
                Order::Microphone(plug.name.clone(), Wire::writing(&pipe, plug.shape)?, gives)
            }
        });
        match plugged.place_of(&plug.name) {
            Ok(index) => plugged.devices[index] = plug,
            Err(_) => plugged.devices.push(plug),
        }
        Ok(())
    }

    fn plugged(&self) -> MutexGuard<'_, Plugged> {
        self.plugged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The room lives as long as the card, so there is always somebody to obey.
    fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }
}

impl Drop for VirtualCard {
    fn drop(&mut self) {
        self.thaw_server();
        self.plugged().server = None;
        self.order(Order::Close);
        if let Some(room) = self.room.take() {
            let _ = room.join();
        }
    }
}

impl Plugged {
    fn place_of(&self, name: &str) -> Result<usize, CardError> {
        let found = self.devices.iter().position(|device| device.name == name);
        found.ok_or_else(|| CardError::NoDevice(name.into()))
    }

    fn ask(&self, asked: &[&str]) -> Result<String, CardError> {
        let server = self.server.as_ref();
        server.ok_or_else(|| CardError::NotStarted("it was killed".into()))?.ask(asked)
    }
}

/// Somebody who speaks; dropping this does not stop them.
pub struct Speech {
    goes: Arc<Progress>,
    length: Duration,
}

impl Speech {
    /// Where it began: frames since the card was started; none while it has not.
    pub fn began(&self) -> Option<u64> {
        self.goes.begun.load(Ordering::Acquire).checked_sub(1)
    }

    /// Whether all has been said.
    pub fn is_over(&self) -> bool {
        self.goes.done.load(Ordering::Acquire)
    }

    /// Says no more.
    pub fn cancel(&self) {
        self.goes.cancelled.store(true, Ordering::Release);
    }

    /// Returns when all has been said.
    pub fn wait(&self) {
        std::thread::sleep(self.length);
        while !self.is_over() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A running tape.
pub struct Tape {
    orders: mpsc::Sender<Order>,
}

impl Tape {
    /// Stops it and hands over what it has heard; nothing if another tape was started since.
    pub fn stop(self) -> Recording {
        let (to, from) = mpsc::channel();
        let _ = self.orders.send(Order::Stop(to));
        from.recv().unwrap_or_default()
    }
}
