//! What the program sees, and what it says where there is nothing to see.

use crate::house::{Done, House};

fn look(house: &House, args: &[&str]) -> Done {
    house.hark(&[&["look"], args].concat())
}

/// Grey pictures of different sizes, as files of a folder.
fn pictures(house: &House, sizes: &[(u32, u32)]) -> String {
    let folder = house.home().join("pictures");
    std::fs::create_dir_all(&folder).unwrap();
    for (number, (width, height)) in sizes.iter().enumerate() {
        let picture = sight::Picture::filled(*width, *height, [90, 90, 90, 255]).unwrap();
        let png = picture.encode(sight::Encoding::Png).unwrap();
        std::fs::write(folder.join(format!("{number}.png")), png).unwrap();
    }
    folder.display().to_string()
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_screen_it_says_so() {
    let house = House::new();
    for args in [&["screen"][..], &["window"], &["region", "1,2,3,4"], &["selection"], &["clipboard"]] {
        let done = look(&house, args);
        assert_eq!((done.code, done.out.as_str()), (Some(1), ""), "{args:?}: {done:?}");
        assert!(done.err.contains("no screen here"), "{args:?}: {done:?}");
    }
    // What there is to look at is no failure where that is nothing.
    let done = look(&house, &["--json"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let told: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((&told["monitors"], &told["windows"]), (&serde_json::json!([]), &serde_json::json!([])));
    assert!(told["problems"][0].as_str().unwrap().contains("no screen here"), "{told}");
}

#[test]
fn a_picture_is_written_as_its_name_says() {
    let house = House::new();
    let folder = pictures(&house, &[(40, 30)]);
    let file = |name: &str| house.home().join(name).display().to_string();
    for (name, begins) in [("seen.png", &b"\x89PNG"[..]), ("seen.JPG", &b"\xff\xd8\xff"[..])] {
        let done = look(&house, &["camera", "--images", &folder, "-o", &file(name), "--json"]);
        assert_eq!(done.code, Some(0), "{done:?}");
        let told: serde_json::Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!((&told["width"], &told["height"]), (&40.into(), &30.into()));
        assert!(std::fs::read(file(name)).unwrap().starts_with(begins), "{name}");
    }
    let done = look(&house, &["camera", "--images", &folder, "-o", &file("seen.doc")]);
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{done:?}");
    assert!(done.err.contains(".png"), "{done:?}");
}

#[test]
fn no_camera_and_no_pictures_are_sentences() {
    let house = House::new();
    let done = look(&house, &["camera", "--images", &pictures(&house, &[])]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.err.contains("no camera"), "{done:?}");
    let done = look(&house, &["camera", "no camera is called so"]);
    assert_eq!(done.code, Some(2), "{done:?}");
}
