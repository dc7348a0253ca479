#![allow(clippy::unwrap_used, reason = "a test may panic")]

//! Documents written here, honest ones and such as are made to hurt, read by the library and by the program.

use std::io::Write;
use std::process::{Command, Stdio};

use attachments::pdf::{Document, Unread};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use worker_pdf::{MOST_PAGES, MOST_PICTURES, MOST_TEXT_BYTES, read};

/// A PDF of these objects, the first of which is the catalogue.
fn file(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(out.len());
        out.extend(format!("{number} 0 obj\n").into_bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let start = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).into_bytes());
    for place in places {
        out.extend(format!("{place:010} 00000 n \n").into_bytes());
    }
    let trailer =
        format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1);
    out.extend(trailer.into_bytes());
    out
}

fn stream(dictionary: &str, content: &[u8]) -> Vec<u8> {
    let mut out = format!("<< /Length {} {dictionary} >>\nstream\n", content.len()).into_bytes();
    out.extend(content);
    out.extend(b"\nendstream");
    out
}

/// A document of these pages' drawings, on A4, with Helvetica as F1 and `extra` as X1.
fn drawn(pages: &[Vec<u8>], extra: Option<Vec<u8>>) -> Vec<u8> {
    let resources = if extra.is_some() { "/XObject << /X1 4 0 R >>" } else { "" };
    let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", 5 + 2 * page)).collect();
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Count {} /Kids [{}] >>", pages.len(), kids.join(" ")).into_bytes(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec(),
        extra.unwrap_or_else(|| b"null".to_vec()),
    ];
    for (page, content) in pages.iter().enumerate() {
        objects.push(
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {} 0 R \
                 /Resources << /Font << /F1 3 0 R >> {resources} >> >>",
                6 + 2 * page
            )
            .into_bytes(),
        );
        objects.push(content.clone());
    }
    file(&objects)
}

fn lines(lines: &[&str]) -> Vec<u8> {
    let mut content = String::from("BT /F1 12 Tf 72 770 Td 14 TL\n");
    for line in lines {
        content.extend(["(", line, ") Tj T*\n"]);
    }
    content.push_str("ET");
    stream("", content.as_bytes())
}

const PROSE: &str = "The tide rises twice a day, and falls as often.";

#[test]
fn text_is_read_line_by_line() {
    let page = lines(&["A plot has two axes.", PROSE]);
    let spaced =
        stream("", b"BT /F1 12 Tf 72 700 Td (A gap) Tj 60 0 Td (is a space. And now some more words.) Tj ET");
    let document = read(drawn(&[page, spaced], None)).unwrap();
    assert_eq!((document.pages, document.read, document.pictures.len()), (2, 2, 0));
    assert_eq!(
        document.text,
        format!(
            "[Page 1 of 2]\nA plot has two axes.\n{PROSE}\n\n[Page 2 of 2]\nA gap is a space. And now some more words.\n\n"
        )
    );
}

#[test]
fn a_scan_becomes_pictures_of_its_first_pages() {
    let page = stream("", b"0.2 0.4 0.6 rg 0 421 595 421 re f");
    let document = read(drawn(&vec![page; MOST_PICTURES + 3], None)).unwrap();
    assert_eq!((document.pages as usize, document.read as usize), (MOST_PICTURES + 3, MOST_PICTURES));
    assert_eq!((document.text.as_str(), document.pictures.len()), ("", MOST_PICTURES));
    let picture = image::load_from_memory(&document.pictures[0].0).unwrap().into_rgb8();
    assert_eq!(picture.height(), 1754);
    assert_eq!(picture.get_pixel(600, 400).0, [51, 102, 153]);
    assert_eq!(picture.get_pixel(600, 1500).0, [255, 255, 255]);
}

#[test]
fn a_document_of_500_pages_is_read_in_part_and_says_so() {
    let page = lines(&[PROSE; 50]);
    let document = read(drawn(&vec![page; 500], None)).unwrap();
    assert_eq!(document.pages, 500);
    assert!(document.read as usize <= MOST_PAGES && document.read > 50, "{}", document.read);
    assert!(document.text.len() <= MOST_TEXT_BYTES + 200, "{}", document.text.len());
    let end = format!("[The pages after page {} are left out: the document is too long.]\n", document.read);
    assert!(document.text.ends_with(&end));
}

#[test]
fn what_is_no_document_is_refused() {
    assert_eq!(read(b"%PDF-1.7\nnothing".to_vec()), Err(Unread::Damaged));
    assert!(read(file(&[b"<< /Type /Catalog >>".to_vec()])).is_err());
    let whole = drawn(&[lines(&[PROSE])], None);
    // Half a file has no table of its objects: it is read as far as it goes, or refused.
    let _ = read(whole[..whole.len() / 2].to_vec());
}

/// What the program made of it; none when it ended without an answer.
fn program(bytes: &[u8]) -> Option<Result<Document, Unread>> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_worker-pdf"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It may end before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    let done = child.wait_with_output().unwrap();
    done.status.success().then(|| rmp_serde::from_slice(&done.stdout).unwrap())
}

#[test]
fn the_program_tells_what_it_read() {
    let document = program(&drawn(&[lines(&[PROSE])], None)).unwrap().unwrap();
    assert_eq!(document.text.trim(), PROSE);
    assert_eq!(program(b"%PDF-1.7"), Some(Err(Unread::Damaged)));
    assert_eq!(program(b""), Some(Err(Unread::Damaged)));
}

#[test]
fn a_drawing_that_draws_itself_ends() {
    let own = stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X1 4 0 R >> >>",
        b"/X1 Do /X1 Do",
    );
    // Whatever it answers: it does answer, or ends.
    let _ = program(&drawn(&[stream("", b"/X1 Do")], Some(own)));
}

/// One and a half gigabytes of line feeds, packed twice into some kilobytes.
#[test]
#[cfg(target_os = "linux")]
fn a_page_that_unpacks_to_gigabytes_costs_the_program_and_nothing_else() {
    let pack = |bytes: &mut dyn FnMut(&mut ZlibEncoder<Vec<u8>>)| {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        bytes(&mut encoder);
        encoder.finish().unwrap()
    };
    let block = vec![b'\n'; 1 << 20];
    let once = pack(&mut |encoder| (0..1536).for_each(|_| encoder.write_all(&block).unwrap()));
    let twice = pack(&mut |encoder| encoder.write_all(&once).unwrap());
    assert!(twice.len() < 64 << 10, "{}", twice.len());
    let page = stream("/Filter [/FlateDecode /FlateDecode]", &twice);
    // It is ended by its limits, or reads what fits: this test ends, and the machine has its memory.
    let _ = program(&drawn(&[page], None));
}
