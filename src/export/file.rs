//! A file that is there whole, or as it was before: it is written beside the place where it will be, and moved there when all
//! of it is on the disk. What fails, is cancelled or is killed half way has harmed nothing.
//!
//! That goes for regular files. A pipe or a device is written straight, and so is what lies in `/dev` and `/proc`: those
//! names stand for what others hold open, which would go on with the old file.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// What a new file may be used for, before the process's mask is taken off.
const ANYBODY: u32 = 0o666;
/// What is put behind a file's name while it is written.
const PART: &str = ".part";

/// A file to be written.
#[derive(Debug)]
pub struct WholeFile {
    place: Place,
}

/// Where it is written.
#[derive(Debug)]
enum Place {
    /// Beside its target, over which it is moved.
    Beside { part: NamedTempFile, target: PathBuf },
    /// The same; but nothing may be there yet.
    New { part: NamedTempFile, target: PathBuf },
    /// Where it is.
    There(File),
}

/// Writes all of a file, or none of it.
///
/// # Errors
/// When it can't be written.
pub fn write_whole(path: &Path, write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>) -> io::Result<()> {
    WholeFile::create(path)?.write(write)
}

impl WholeFile {
    /// A file that may replace another, whose permissions it gets. A link stays, and what it leads to is replaced.
    ///
    /// # Errors
    /// When there can be no such file, or the one that is there may not be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        let known = match fs::metadata(path) {
            Ok(known) if known.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(known) => Some(known),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let in_place = known.as_ref().is_some_and(|known| !known.is_file());
        if in_place || path.starts_with("/dev") || path.starts_with("/proc") {
            return Ok(Self { place: Place::There(File::create(path)?) });
        }
        if known.is_some() {
            // Moving another over it would not ask whether it may be written.
            OpenOptions::new().write(true).open(path)?;
        }
        let target = followed(path);
        let part = make_part(&target, 6)?;
        if let Some(mode) = known.as_ref().map(Metadata::permissions) {
            part.as_file().set_permissions(mode)?;
        }
        Ok(Self { place: Place::Beside { part, target } })
    }

    /// A file whose name nobody has, and nobody gets while it is written.
    ///
    /// # Errors
    /// When there can be no such file, or it is being written already.
    pub fn create_new(path: &Path) -> io::Result<Self> {
        let part = make_part(path, 0)?;
        Ok(Self { place: Place::New { part, target: path.to_owned() } })
    }

    /// Writes all of it; only then it has its name.
    ///
    /// # Errors
    /// When it can't be written, and whatever `write` says: then nothing has changed.
    pub fn write(self, write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>) -> io::Result<()> {
        let mut out = BufWriter::new(match &self.place {
            Place::Beside { part, .. } | Place::New { part, .. } => part.as_file(),
            Place::There(file) => file,
        });
        write(&mut out)?;
        out.flush()?;
        drop(out);
        match self.place {
            Place::There(_) => Ok(()),
            Place::Beside { part, target } => {
                part.as_file().sync_all()?;
                part.persist(target).map(drop).map_err(|error| error.error)
            }
            Place::New { part, target } => {
                part.as_file().sync_all()?;
                part.persist_noclobber(target).map(drop).map_err(|error| error.error)
            }
        }
    }
}

/// Where a new file lies until all of it is written.
#[must_use]
pub fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(PART);
    PathBuf::from(name)
}

/// A file beside a target, with so many random characters in its name; it goes when it is dropped.
fn make_part(target: &Path, random: usize) -> io::Result<NamedTempFile> {
    let name = target.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let make = |path: &Path| OpenOptions::new().write(true).create_new(true).mode(ANYBODY).open(path);
    Builder::new().prefix(name).suffix(PART).rand_bytes(random).make_in(folder, make)
}

/// Where a path leads when the links at its end are followed, whether or not there is something. The system has found no
/// more links than it follows itself.
fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    while let Ok(to) = fs::read_link(&path) {
        path = path.parent().map_or_else(|| to.clone(), |folder| folder.join(&to));
    }
    path
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tempfile::TempDir;

    use super::*;

    fn folder() -> TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn names(folder: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("a file").permissions().mode() & 0o777
    }

    fn put(path: &Path, text: &str) -> io::Result<()> {
        write_whole(path, |out| out.write_all(text.as_bytes()))
    }

    #[test]
    fn what_fails_half_way_leaves_what_was_there() {
        let folder = folder();
        let path = folder.path().join("x.csv");
        let half = |path: &Path| {
            write_whole(path, |out| {
                out.write_all(&[b'x'; 100_000])?;
                Err(io::ErrorKind::StorageFull.into())
            })
        };
        assert_eq!(half(&path).map_err(|error| error.kind()), Err(io::ErrorKind::StorageFull));
        assert!(names(&folder).is_empty());
        put(&path, "before").expect("a file");
        assert!(half(&path).is_err());
        assert_eq!(fs::read_to_string(&path).expect("a file"), "before");
        assert_eq!(names(&folder), ["x.csv"]);
    }

    #[test]
    fn permissions_are_those_of_the_file_before_or_of_any_new_one() {
        let folder = folder();
        let (path, usual) = (folder.path().join("x"), folder.path().join("usual"));
        fs::write(&usual, "").expect("a file");
        put(&path, "1").expect("a file");
        assert_eq!(mode(&path), mode(&usual));
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("permissions");
        put(&path, "2").expect("a file");
        assert_eq!((mode(&path), fs::read_to_string(&path).expect("a file")), (0o640, "2".to_owned()));
    }

    #[test]
    fn a_link_stays_and_what_it_leads_to_is_written() {
        let folder = folder();
        let (link, target) = (folder.path().join("link"), folder.path().join("target"));
        symlink("target", &link).expect("a link");
        for text in ["new", "replaced"] {
            put(&link, text).expect("a file");
            assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
            assert_eq!(fs::read_to_string(&target).expect("a file"), text);
        }
        assert_eq!(names(&folder), ["link", "target"]);
    }

    #[test]
    fn what_is_no_file_is_written_where_it_is_or_refused() {
        let folder = folder();
        assert_eq!(put(folder.path(), "x").map_err(|error| error.kind()), Err(io::ErrorKind::IsADirectory));
        let full = put(Path::new("/dev/full"), "x").expect_err("no room");
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        put(Path::new("/dev/null"), "x").expect("any room");
        let nowhere = put(&folder.path().join("none/x"), "x").expect_err("no folder");
        assert_eq!(nowhere.to_string(), "No such file or directory (os error 2)", "nobody asked for the part's name");
    }

    #[test]
    fn what_may_not_be_written_is_not_replaced() {
        if rustix::process::geteuid().is_root() {
            return; // Who may do everything is refused nothing.
        }
        let folder = folder();
        let path = folder.path().join("x");
        put(&path, "before").expect("a file");
        fs::set_permissions(&path, Permissions::from_mode(0o444)).expect("permissions");
        assert_eq!(put(&path, "x").map_err(|error| error.kind()), Err(io::ErrorKind::PermissionDenied));
        fs::set_permissions(folder.path(), Permissions::from_mode(0o555)).expect("permissions");
        let beside = put(&folder.path().join("y"), "x");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("permissions");
        assert_eq!(beside.map_err(|error| error.kind()), Err(io::ErrorKind::PermissionDenied));
        assert_eq!(fs::read_to_string(&path).expect("a file"), "before");
    }

    #[test]
    fn a_new_file_is_begun_once_and_replaces_nothing() {
        let folder = folder();
        let path = folder.path().join("x");
        let file = WholeFile::create_new(&path).expect("a part");
        assert!(part_of(&path).exists() && !path.exists());
        assert!(WholeFile::create_new(&path).is_err(), "it is being written");
        fs::write(&path, "somebody else's").expect("a file");
        assert!(file.write(|out| out.write_all(b"x")).is_err());
        assert_eq!(fs::read_to_string(&path).expect("a file"), "somebody else's");
        assert_eq!(names(&folder), ["x"]);
    }
}
