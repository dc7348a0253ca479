//! What listens is told while it does and remembered afterwards, in memory alone; what is wrong with it has a reason.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod house;

use api::{
    Commands, Nothing, Sensor, SensorPurpose, SensorUse, SensorsView, SoundReason, SoundSide, UiEventBody,
};
use house::House;
use media::{Side, SoundError};

const NOW: i64 = 1_700_000_000_000;

impl House {
    /// The next news of sensors.
    async fn sensors(&self) -> SensorsView {
        match self
            .until(|body| matches!(body, UiEventBody::Sensors { .. }))
            .await
            .pop()
            .map(|event| event.body)
        {
            Some(UiEventBody::Sensors { sensors }) => sensors,
            other => panic!("{other:?}"),
        }
    }

    /// The microphone when it stands as wanted.
    async fn microphone(&self, wanted: fn(&SoundSide) -> bool) -> SoundSide {
        let stands =
            |body: &UiEventBody| matches!(body, UiEventBody::Voice { voice } if wanted(&voice.microphone));
        match self.until(stands).await.pop().map(|event| event.body) {
            Some(UiEventBody::Voice { voice }) => voice.microphone,
            other => panic!("{other:?}"),
        }
    }
}

fn uses(view: &SensorsView) -> &[SensorUse] {
    assert_eq!(view.sensors[0].sensor, Sensor::Microphone);
    assert!(view.sensors[1..].iter().all(|other| other.times == 0));
    &view.sensors[0].uses
}

#[tokio::test]
async fn a_check_is_on_record_from_its_beginning_to_its_end() {
    let house = House::without_model();
    let fresh = house.app.snapshot(Nothing {}).await.unwrap().sensors;
    assert_eq!((fresh.since, uses(&fresh)), (NOW, [].as_slice()));
    house.app.check_microphone(Nothing {}).await.unwrap();
    house.card.microphone(house::sound::open("Desk microphone"));
    let on =
        SensorUse { from: NOW, until: None, device: "Desk microphone".into(), purpose: SensorPurpose::Check };
    assert_eq!(uses(&house.sensors().await), std::slice::from_ref(&on));
    house.app.stop_voice(Nothing {}).await.unwrap();
    let off = SensorUse { until: Some(NOW), ..on };
    assert_eq!(uses(&house.sensors().await), std::slice::from_ref(&off));
    assert_eq!(
        uses(&house.app.snapshot(Nothing {}).await.unwrap().sensors),
        [off],
        "a new window knows it too"
    );
}

#[tokio::test]
async fn nothing_of_it_reaches_the_disk_or_the_next_run() {
    let house = House::without_model();
    house.app.check_microphone(Nothing {}).await.unwrap();
    house.card.microphone(house::sound::open("Desk microphone"));
    house.sensors().await;
    let house = house.closed_and_opened_again().await;
    let device = b"Desk microphone";
    assert!(!house.files().iter().any(|file| file.windows(device.len()).any(|part| part == device)));
    assert_eq!(uses(&house.app.snapshot(Nothing {}).await.unwrap().sensors), []);
}

#[tokio::test]
async fn a_microphone_that_is_pulled_out_is_off_and_says_which_it_was_and_why() {
    let house = House::without_model();
    house.app.check_microphone(Nothing {}).await.unwrap();
    house.card.microphone(house::sound::open("USB"));
    house.sensors().await;
    house.card.microphone(Side::Lost { why: SoundError::NoMicrophone });
    assert_eq!(uses(&house.sensors().await)[0].until, Some(NOW));
    let SoundSide::Lost { device, error } =
        house.microphone(|side| matches!(side, SoundSide::Lost { .. })).await
    else {
        unreachable!()
    };
    assert_eq!((device.as_deref(), error.sound), (Some("USB"), Some(SoundReason::NoMicrophone)));
    house.card.microphone(house::sound::open("Built-in"));
    let again = house.sensors().await;
    assert_eq!(
        (uses(&again)[0].device.as_str(), uses(&again)[0].until, uses(&again).len()),
        ("Built-in", None, 2)
    );
}
