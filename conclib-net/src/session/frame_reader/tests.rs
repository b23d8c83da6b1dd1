use conclib_core::wire::RequestId;
use proptest::prelude::*;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use super::*;

/// Builds a frame of `len` bytes, with its length before it.
fn framed(len: usize, fill: u8) -> Vec<u8> {
    let prefix = u32::try_from(len).unwrap().to_be_bytes();
    [&prefix[..], &vec![fill; len]].concat()
}

/// Reads all pieces, and returns the frames in them.
fn frames(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let mut reader = FrameReader::new(&LinkLimits::default());
    let mut frames = Vec::new();
    for mut piece in pieces.iter().copied() {
        while !piece.is_empty() {
            assert!(runtime.block_on(reader.fill(&mut piece)).unwrap() > 0);
            while let Some(frame) = reader.next().unwrap() {
                let Incoming::Whole(frame) = frame else {
                    panic!("{frame:?}");
                };
                frames.push(frame.to_vec());
            }
        }
    }
    assert!(reader.is_empty());
    frames
}

#[test]
fn frames_come_out_whole_wherever_they_are_cut() {
    let bytes = [framed(3, 1), framed(0, 0), framed(300, 2)].concat();
    for cut in 0..=bytes.len() {
        let (first, second) = bytes.split_at(cut);
        assert_eq!(frames(&[first, second]), [vec![1; 3], vec![], vec![2; 300]]);
    }
    let single: Vec<_> = bytes.chunks(1).collect();
    assert_eq!(frames(&single).len(), 3);
}

#[test]
fn many_frames_come_out_of_one_read() {
    let mut bytes = Vec::new();
    for id in 0..100 {
        conclib_core::wire::Frame::Cancel(RequestId::from_u128(id))
            .encode(&mut bytes)
            .unwrap();
    }
    assert_eq!(frames(&[&bytes]).len(), 100);
}

#[test]
fn the_largest_frame_fits_and_its_room_is_given_back() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let bytes = framed(MAX_FRAME, 7);
    let mut rest = &bytes[..];
    let mut reader = FrameReader::new(&LinkLimits::default());
    while !rest.is_empty() {
        assert_eq!(reader.next(), Ok(None));
        let arrived = bytes.len() - rest.len();
        assert!(
            reader.capacity() <= USUAL.max(4 * arrived),
            "{arrived} bytes have come"
        );
        runtime.block_on(reader.fill(&mut rest)).unwrap();
    }
    assert_eq!(reader.next(), Ok(Some(Incoming::Whole(&bytes[PREFIX..]))));
    assert_eq!(reader.next(), Ok(None));
    runtime.block_on(reader.fill(&mut &[0; 1][..])).unwrap();
    assert_eq!(reader.capacity(), USUAL);
}

#[support::test(start_paused = true)]
async fn half_a_frame_may_wait_without_an_end() {
    let limits = LinkLimits {
        frame_time: Duration::MAX,
        ..LinkLimits::default()
    };
    let mut frames = FrameReader::new(&limits);
    let (mut reader, mut writer) = tokio::io::duplex(64);
    let frame = framed(8, 1);
    let (begun, rest) = frame.split_at(6);
    writer.write_all(begun).await.unwrap();
    frames.fill(&mut reader).await.unwrap();
    assert_eq!(frames.next().unwrap(), None);
    let month = Duration::from_secs(60 * 60 * 24 * 30);
    assert!(timeout(month, frames.fill(&mut reader)).await.is_err());
    writer.write_all(rest).await.unwrap();
    frames.fill(&mut reader).await.unwrap();
    assert_eq!(
        frames.next().unwrap(),
        Some(Incoming::Whole(&frame[PREFIX..]))
    );
}

#[test]
fn an_announced_length_allocates_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    for len in [
        u32::MAX,
        u32::try_from(MAX_FRAME).unwrap() + 1,
        u32::try_from(MAX_FRAME).unwrap(),
    ] {
        let mut reader = FrameReader::new(&LinkLimits::default());
        let prefix = len.to_be_bytes();
        runtime.block_on(reader.fill(&mut &prefix[..])).unwrap();
        let too_large = FrameError::TooLarge { len: len as usize };
        let expected = if len as usize > MAX_FRAME {
            Err(too_large)
        } else {
            Ok(None)
        };
        assert_eq!(reader.next(), expected);
        assert_eq!(reader.capacity(), USUAL);
    }
}

#[test]
fn a_frame_over_the_limit_is_skipped_and_its_beginning_is_kept() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let limits = LinkLimits {
        frame: 20_000,
        ..LinkLimits::default()
    };
    let bytes = [framed(20_000, 1), framed(1_000_000, 2), framed(3, 3)].concat();
    for piece in [1_000, 10_000, 2_000_000] {
        let mut reader = FrameReader::new(&limits);
        let mut lens = Vec::new();
        for mut piece in bytes.chunks(piece) {
            while !piece.is_empty() {
                runtime.block_on(reader.fill(&mut piece)).unwrap();
                while let Some(frame) = reader.next().unwrap() {
                    lens.push(match frame {
                        Incoming::Whole(frame) => frame.len(),
                        Incoming::Oversized { beginning, len } => {
                            assert_eq!(beginning, [2; HEAD]);
                            len
                        }
                    });
                }
                assert!(reader.capacity() <= KEPT, "{}", reader.capacity());
            }
        }
        assert_eq!(lens, [20_000, 1_000_000, 3]);
        assert!(reader.is_empty());
    }

    // A link that ends in the skipped part ends in the middle of a frame.
    let mut reader = FrameReader::new(&limits);
    let mut half = &framed(1_000_000, 2)[..500_000];
    while !half.is_empty() {
        runtime.block_on(reader.fill(&mut half)).unwrap();
        while reader.next().unwrap().is_some() {}
    }
    assert!(!reader.is_empty());
}

proptest! {
    #[test]
    fn any_frames_in_any_pieces_are_the_same_frames(
        lens in prop::collection::vec(0..40_000_usize, 1..6),
        cuts in prop::collection::vec(1..20_000_usize, 1..50),
    ) {
        let bytes: Vec<u8> = lens.iter().flat_map(|&len| framed(len, 7)).collect();
        let mut rest = &bytes[..];
        let mut pieces = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        let got: Vec<usize> = frames(&pieces).iter().map(Vec::len).collect();
        prop_assert_eq!(got, lens);
    }
}
