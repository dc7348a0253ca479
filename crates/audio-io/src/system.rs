//! Which devices there are, and which of them is meant.

use crate::streams::bury;
use cpal::{
    Error, ErrorKind, Host,
    traits::{DeviceTrait, HostTrait},
};
use media::{Device, DeviceName, Direction, SoundError};

/// A device that can be opened.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) device: cpal::Device,
    pub(crate) name: DeviceName,
    pub(crate) label: String,
    pub(crate) buffers: Buffers,
}

/// Which buffer sizes may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Buffers {
    /// The server's own are seconds long.
    OnlyFixed,
    /// The system's own are about 10 ms, and it may offer no others.
    FixedOrOwn,
}

/// The connection to the sound system.
#[derive(Default)]
pub(crate) struct System {
    host: Option<Host>,
    /// Whether a sound server has answered. From then on there is no falling back to the bare devices: they belong to
    /// the server, which will come back.
    served: bool,
}

impl System {
    /// All devices, for choosing.
    pub(crate) fn devices(&mut self) -> Result<Vec<Device>, SoundError> {
        let mut all = Vec::new();
        for direction in [Direction::Input, Direction::Output] {
            let standard = self.standard(direction)?.map(|found| found.name);
            for found in self.list(direction)? {
                let is_default = standard.as_ref() == Some(&found.name);
                all.push(Device { name: found.name, label: found.label, direction, is_default });
            }
        }
        Ok(all)
    }

    /// The device to use: the one of this name, or the system's default. A default that is a monitor is passed over for
    /// the first real microphone.
    pub(crate) fn choose(
        &mut self,
        direction: Direction,
        wanted: Option<&DeviceName>,
    ) -> Result<Found, SoundError> {
        let Some(wanted) = wanted else {
            let found = match self.standard(direction)? {
                Some(found) => Some(found),
                None => self.list(direction)?.into_iter().next(),
            };
            return found.ok_or(none(direction));
        };
        let found = self.list(direction)?.into_iter().find(|found| found.name == *wanted);
        found.ok_or_else(|| SoundError::NotThere(wanted.0.clone()))
    }

    fn standard(&mut self, direction: Direction) -> Result<Option<Found>, SoundError> {
        let host = self.host()?;
        let device = match direction {
            Direction::Input => host.default_input_device(),
            Direction::Output => host.default_output_device(),
        };
        Ok(device.and_then(|device| found(host, device)).filter(|found| !is_monitor(found, direction)))
    }

    fn list(&mut self, direction: Direction) -> Result<Vec<Found>, SoundError> {
        let host = self.host()?;
        let listed: Result<Vec<cpal::Device>, Error> = match direction {
            Direction::Input => host.input_devices().map(Iterator::collect),
            Direction::Output => host.output_devices().map(Iterator::collect),
        };
        match listed {
            Ok(devices) => {
                let all = devices.into_iter().filter_map(|device| found(host, device));
                Ok(all.filter(|found| !is_monitor(found, direction)).collect())
            }
            Err(why) => {
                self.forget();
                Err(sentence(&why, direction, ""))
            }
        }
    }

    /// The connection is no good any more; the next question makes a new one.
    pub(crate) fn forget(&mut self) {
        if let Some(host) = self.host.take() {
            bury(host);
        }
    }

    fn host(&mut self) -> Result<&Host, SoundError> {
        match &mut self.host {
            Some(host) => Ok(host),
            none => {
                let host = connect(&mut self.served).map_err(|why| sentence(&why, Direction::Output, ""))?;
                Ok(none.insert(host))
            }
        }
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.forget();
    }
}

#[cfg(target_os = "linux")]
fn connect(served: &mut bool) -> Result<Host, Error> {
    match cpal::host_from_id(cpal::HostId::PulseAudio) {
        Ok(host) => {
            *served = true;
            Ok(host)
        }
        // Who names a server means that server.
        Err(why) if *served || std::env::var_os("PULSE_SERVER").is_some() => Err(why),
        Err(_) => cpal::host_from_id(cpal::HostId::Alsa),
    }
}

#[cfg(not(target_os = "linux"))]
fn connect(_: &mut bool) -> Result<Host, Error> {
    Ok(cpal::default_host())
}

fn found(host: &Host, device: cpal::Device) -> Option<Found> {
    let name = DeviceName(device.id().ok()?.id().to_owned());
    let label = device.description().map_or_else(|_| name.0.clone(), |known| known.name().to_owned());
    Some(Found { device, name, label, buffers: buffers_of(host) })
}

#[cfg(target_os = "linux")]
fn buffers_of(host: &Host) -> Buffers {
    if host.id() == cpal::HostId::PulseAudio { Buffers::OnlyFixed } else { Buffers::FixedOrOwn }
}

#[cfg(not(target_os = "linux"))]
fn buffers_of(_: &Host) -> Buffers {
    Buffers::FixedOrOwn
}

/// Whether this records what a loudspeaker plays. Sound servers name such sources so.
fn is_monitor(found: &Found, direction: Direction) -> bool {
    direction == Direction::Input && found.name.0.ends_with(".monitor")
}

fn none(direction: Direction) -> SoundError {
    match direction {
        Direction::Input => SoundError::NoMicrophone,
        Direction::Output => SoundError::NoSpeaker,
    }
}

/// What an error of the sound system means to the user.
pub(crate) fn sentence(why: &Error, direction: Direction, device: &str) -> SoundError {
    match why.kind() {
        ErrorKind::DeviceBusy => SoundError::Busy(device.to_owned()),
        ErrorKind::DeviceNotAvailable if device.is_empty() => none(direction),
        ErrorKind::DeviceNotAvailable => SoundError::NotThere(device.to_owned()),
        ErrorKind::HostUnavailable | ErrorKind::StreamInvalidated => SoundError::ServerGone,
        ErrorKind::PermissionDenied if direction == Direction::Input => SoundError::NotAllowed,
        ErrorKind::UnsupportedConfig => SoundError::NoFormat(device.to_owned()),
        _ => SoundError::Other(why.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: ErrorKind, direction: Direction, want: &SoundError) {
        assert_eq!(sentence(&kind.into(), direction, "Mic"), *want);
    }

    #[test]
    fn errors_become_sentences() {
        check(ErrorKind::PermissionDenied, Direction::Input, &SoundError::NotAllowed);
        check(ErrorKind::DeviceBusy, Direction::Output, &SoundError::Busy("Mic".into()));
        check(ErrorKind::DeviceNotAvailable, Direction::Input, &SoundError::NotThere("Mic".into()));
        check(ErrorKind::StreamInvalidated, Direction::Input, &SoundError::ServerGone);
        check(ErrorKind::UnsupportedConfig, Direction::Output, &SoundError::NoFormat("Mic".into()));
        let without_a_name = sentence(&ErrorKind::DeviceNotAvailable.into(), Direction::Input, "");
        assert_eq!(without_a_name, SoundError::NoMicrophone);
    }
}
