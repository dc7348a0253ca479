//! What is shared in a spoken conversation: what the model is shown, what stays, what is on record.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod house;

use std::time::Duration;

use api::{
    Commands, ErrorCode, Nothing, OneAttachment, Sensor, SensorPurpose, ShareSight, SharedThing, SightNews,
    StartVoice, UiEventBody, VoicePhase, VoiceView,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::Eyes;
use house::{House, say};

/// So long is waited for what should come at once; only a failing test waits for it.
const LONG: Duration = Duration::from_secs(20);

const SCREEN: SharedThing = SharedThing::Screen { screen: Some(1) };

impl House {
    async fn talks(&self) {
        self.app.start_voice(StartVoice { conversation: None }).await.unwrap();
        self.voice(|voice| voice.phase == VoicePhase::Listening).await;
    }

    /// The voice when it stands as wanted.
    async fn voice(&self, wanted: impl Fn(&VoiceView) -> bool) -> VoiceView {
        let stands = |body: &UiEventBody| matches!(body, UiEventBody::Voice { voice } if wanted(voice));
        match self.until(stands).await.pop().map(|event| event.body) {
            Some(UiEventBody::Voice { voice }) => voice,
            other => panic!("{other:?}"),
        }
    }

    async fn shares(&self, what: SharedThing) -> VoiceView {
        self.app.share(ShareSight { what }).await.unwrap();
        self.voice(|voice| voice.sharing.as_ref().is_some_and(|sharing| sharing.on)).await
    }

    async fn is_on(&self, sensor: Sensor) -> bool {
        let sensors = self.app.snapshot(Nothing {}).await.unwrap().sensors.sensors;
        let uses = sensors.into_iter().find(|it| it.sensor == sensor).unwrap().uses;
        uses.first().is_some_and(|newest| newest.until.is_none() && newest.purpose == SensorPurpose::Talk)
    }
}

#[tokio::test]
async fn the_model_is_shown_what_is_shared_and_it_stays_with_the_message() {
    let house = House::new(["Ready.", "A plot.", "Rising.", "Falling."].map(|text| vec![say(text)]));
    house.talks().await;
    house.sights.shows(10);
    let view = house.shares(SCREEN).await;
    assert_eq!(view.sharing.unwrap().name, "HDMI-1");
    let id = house.send("What is this?").await;
    house.next_end().await;
    house.send_to(&id, "And the trend?").await;
    house.next_end().await;
    house.sights.shows(200);
    house.send_to(&id, "And now?").await;
    house.next_end().await;
    // Nothing had changed before the second question. (The first request only warms the model.)
    assert_eq!(house.shown()[1..], [vec![1], vec![1, 0, 0], vec![1, 0, 0, 0, 1]]);
    // Pictures are kept beside the conversation, which does not wait for them.
    let begun = std::time::Instant::now();
    let view = loop {
        let view = house.open(&id).await;
        let with_pictures: Vec<_> = view.messages.iter().map(|message| message.attachments.len()).collect();
        if with_pictures == [1, 0, 0, 0, 1, 0] {
            break view;
        }
        assert!(begun.elapsed() < LONG, "{with_pictures:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let picture = view.messages[0].attachments[0].clone();
    assert_eq!((picture.name.as_str(), picture.media_type.as_str()), ("HDMI-1", "image/png"));
    let file = house.app.attached_file(OneAttachment { content: picture.content }).await.unwrap();
    let decoded = image::load_from_memory(&STANDARD.decode(file.data).unwrap()).unwrap().into_rgb8();
    assert_eq!((decoded.dimensions(), decoded.get_pixel(3, 3).0), ((40, 30), [10; 3]));
}

#[tokio::test]
async fn it_is_on_record_and_ends_with_the_conversation() {
    let house = House::new([]);
    house.talks().await;
    house.shares(SCREEN).await;
    assert!(house.is_on(Sensor::Screen).await && !house.is_on(Sensor::Camera).await);
    house.shares(SharedThing::Camera { camera: None }).await;
    assert!(!house.is_on(Sensor::Screen).await && house.is_on(Sensor::Camera).await);
    assert_eq!(house.sights.open().await, 1, "one thing at a time");
    assert_eq!(house.app.shared_picture(Nothing {}).await.unwrap().media_type, "image/jpeg");
    house.app.stop_voice(Nothing {}).await.unwrap();
    assert!(!house.is_on(Sensor::Camera).await);
    assert_eq!(house.sights.open().await, 0);
    assert_eq!(house.app.shared_picture(Nothing {}).await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn what_can_no_longer_be_seen_is_told_and_the_conversation_goes_on() {
    // The first one is asked for to warm the model up.
    let house = House::new([vec![say("Ready.")], vec![say("Yes.")]]);
    house.talks().await;
    house.shares(SCREEN).await;
    house.sights.tells(SightNews::Changed);
    let view = house.voice(|voice| voice.sharing.as_ref().is_some_and(|it| it.pictures == 2)).await;
    assert_eq!(view.problem, None);
    house.sights.tells(SightNews::Ended(api::ApiError::new(ErrorCode::NotFound, "This monitor is gone.")));
    let view = house.voice(|voice| voice.sharing.is_none()).await;
    assert_eq!(view.problem.unwrap().message, "This monitor is gone.");
    assert_eq!(house.sights.open().await, 0);
    house.send("Are you there?").await;
    assert_eq!(house.next_end().await.text, "Yes.");
    assert_eq!(house.shown().last().unwrap(), &[0]);
}

#[tokio::test]
async fn what_is_not_there_and_what_nobody_talks_about_is_not_shared() {
    let house = House::new([]);
    let error = house.app.share(ShareSight { what: SCREEN }).await.unwrap_err();
    assert_eq!((error.code, house.sights.open().await), (ErrorCode::BadRequest, 0));
    house.talks().await;
    house.app.share(ShareSight { what: SharedThing::Window { window: 99 } }).await.unwrap();
    let view = house.voice(|voice| voice.problem.is_some()).await;
    assert_eq!((view.sharing, view.problem.unwrap().code), (None, ErrorCode::NotFound));
}

#[tokio::test]
async fn a_model_that_cannot_see_is_shown_nothing() {
    let house = House::with_local(Eyes::None).await;
    house.talks().await;
    let error = house.app.share(ShareSight { what: SCREEN }).await.unwrap_err();
    assert_eq!((error.code, house.sights.open().await), (ErrorCode::CannotSee, 0));
}

#[tokio::test]
async fn a_file_goes_with_what_is_typed_while_one_talks() {
    let house = House::new([vec![say("It does nothing.")]]);
    house.talks().await;
    let code = house.attach("main.rs", b"fn main() {}").await.unwrap();
    let attachments = vec![api::AttachedFile { content: code.content.clone(), name: code.name.clone() }];
    let send = api::Send { conversation: None, text: "Explain.".into(), attachments };
    let id = house.app.send(send).await.unwrap().conversation;
    house.next_end().await;
    assert_eq!(house.asked().last().unwrap()[0], "The file “main.rs”:\n```\nfn main() {}\n```\n\nExplain.");
    let view = house.open(&id).await;
    assert_eq!((view.messages[0].text.as_str(), &view.messages[0].attachments), ("Explain.", &vec![code]));
}

#[tokio::test]
async fn earlier_pictures_cost_a_model_that_cannot_see_no_spoken_reply() {
    let house = House::with_local(Eyes::None).await;
    let mut file = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(8, 6, image::Rgb([7; 3]))
        .write_to(&mut file, image::ImageFormat::Png)
        .unwrap();
    let plot = house.attach("plot.png", &file.into_inner()).await.unwrap();
    let attachments = vec![api::AttachedFile { content: plot.content, name: plot.name }];
    let send = |conversation, text: &str| api::Send {
        conversation,
        text: text.into(),
        attachments: attachments.clone(),
    };
    let id = house.app.send(send(None, "What is it?")).await.unwrap().conversation;
    house.next_end().await;
    house.app.start_voice(StartVoice { conversation: Some(id.clone()) }).await.unwrap();
    house.voice(|voice| voice.phase == VoicePhase::Listening).await;
    house.send_to(&id, "And the trend?").await;
    house.next_end().await;
    assert_eq!(house.shown().last().unwrap().iter().sum::<usize>(), 0);
    assert!(house.asked().last().unwrap()[0].starts_with("(A picture was shown here.)"));
    let error = house.app.send(send(Some(id), "And this?")).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::CannotSee);
}
