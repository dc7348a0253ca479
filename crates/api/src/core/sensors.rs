//! What listened and looked, and when.
//!
//! Always holds: it is in memory only, nothing of it reaches the disk or a log; at most the newest use of a sensor has
//! no end.

use crate::contract::{Sensor, SensorPurpose, SensorUse, SensorView, SensorsView};

/// Uses of one sensor that are kept; older ones are only counted.
const KEPT: usize = 20;

pub(crate) struct SensorLog {
    view: SensorsView,
}

impl SensorLog {
    /// An application that began now, in milliseconds since 1970.
    pub(crate) fn new(now: i64) -> Self {
        let never = |sensor| SensorView { sensor, uses: Vec::new(), times: 0, total_ms: 0 };
        let sensors = [Sensor::Microphone, Sensor::Camera, Sensor::Screen].map(never).into();
        Self { view: SensorsView { since: now, sensors } }
    }

    pub(crate) fn view(&self) -> &SensorsView {
        &self.view
    }

    /// A sensor is on with this device and for this, or off. Says whether that is news.
    pub(crate) fn note(&mut self, sensor: Sensor, on: Option<(&str, SensorPurpose)>, now: i64) -> bool {
        let Some(log) = self.view.sensors.iter_mut().find(|log| log.sensor == sensor) else { return false };
        let open = log.uses.first_mut().filter(|newest| newest.until.is_none());
        let known = open.as_deref().map(|newest| (newest.device.as_str(), newest.purpose));
        if known == on {
            return false;
        }
        if let Some(newest) = open {
            // A clock that was set back gives no negative times.
            let until = now.max(newest.from);
            newest.until = Some(until);
            log.total_ms += until - newest.from;
        }
        if let Some((device, purpose)) = on {
            log.uses.insert(0, SensorUse { from: now, until: None, device: device.to_owned(), purpose });
            log.uses.truncate(KEPT);
            log.times += 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TALK: Option<(&str, SensorPurpose)> = Some(("USB", SensorPurpose::Talk));

    fn microphone(log: &SensorLog) -> &SensorView {
        &log.view().sensors[0]
    }

    /// Each use of the microphone: from, until, device; newest first.
    fn uses(log: &SensorLog) -> Vec<(i64, Option<i64>, &str)> {
        microphone(log).uses.iter().map(|one| (one.from, one.until, one.device.as_str())).collect()
    }

    #[test]
    fn a_use_has_a_beginning_and_an_end() {
        let mut log = SensorLog::new(1_000);
        assert!(!log.note(Sensor::Microphone, None, 2_000), "it was off");
        assert!(log.note(Sensor::Microphone, TALK, 3_000));
        assert!(!log.note(Sensor::Microphone, TALK, 4_000), "it was on");
        assert_eq!(uses(&log), [(3_000, None, "USB")]);
        assert!(log.note(Sensor::Microphone, None, 8_000));
        assert_eq!(uses(&log), [(3_000, Some(8_000), "USB")]);
        assert_eq!((microphone(&log).times, microphone(&log).total_ms), (1, 5_000));
        assert_eq!(log.view().since, 1_000);
    }

    #[test]
    fn another_device_or_purpose_is_another_use() {
        let mut log = SensorLog::new(0);
        log.note(Sensor::Microphone, TALK, 10);
        log.note(Sensor::Microphone, Some(("Built-in", SensorPurpose::Talk)), 20);
        log.note(Sensor::Microphone, Some(("Built-in", SensorPurpose::Check)), 50);
        assert_eq!(uses(&log), [(50, None, "Built-in"), (20, Some(50), "Built-in"), (10, Some(20), "USB")]);
        assert_eq!(microphone(&log).total_ms, 40);
    }

    #[test]
    fn a_clock_that_is_set_back_gives_no_negative_time() {
        let mut log = SensorLog::new(0);
        log.note(Sensor::Microphone, TALK, 5_000);
        log.note(Sensor::Microphone, None, 1_000);
        assert_eq!(uses(&log), [(5_000, Some(5_000), "USB")]);
        assert_eq!(microphone(&log).total_ms, 0);
    }

    #[test]
    fn of_many_uses_the_last_are_listed_and_all_are_counted() {
        let mut log = SensorLog::new(0);
        for n in 0..50 {
            log.note(Sensor::Microphone, TALK, n * 10);
            log.note(Sensor::Microphone, None, n * 10 + 1);
        }
        assert_eq!(uses(&log).len(), KEPT);
        assert_eq!(uses(&log)[0], (490, Some(491), "USB"));
        assert_eq!((microphone(&log).times, microphone(&log).total_ms), (50, 50));
        let others: Vec<_> =
            log.view().sensors[1..].iter().map(|other| (other.sensor, other.times)).collect();
        assert_eq!(others, [(Sensor::Camera, 0), (Sensor::Screen, 0)]);
    }
}
