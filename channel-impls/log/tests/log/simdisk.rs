//! A disk in memory that remembers every operation, so that it can be rebuilt as a power loss would leave it.

use channel_log::disk::{Disk, DiskFile};
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

pub(crate) const SECTOR: usize = 512;

/// Something that happened to the disk, or that somebody was promised.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Create {
        name: String,
        file: usize,
    },
    Rename {
        from: String,
        to: String,
    },
    Remove {
        name: String,
    },
    SyncFolder,
    Length {
        file: usize,
        len: u64,
    },
    Write {
        file: usize,
        offset: u64,
        bytes: Vec<u8>,
    },
    Sync {
        file: usize,
        of: SyncOf,
    },
    /// The note of that number: what was promised before this point must be kept from here on.
    Promise(usize),
}

/// Why a file was synced; each kind is left out once to see that it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SyncOf {
    /// Zeros before the file gets its name: for speed only.
    Fill,
    /// A file that this session only read so far.
    Opened,
    /// A batch, or the rest of a segment before the next is begun (told apart by what follows).
    Written,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    pub(crate) sync: bool,
    pub(crate) write: bool,
    pub(crate) full: bool,
}

#[derive(Default)]
struct Sim {
    files: Vec<Vec<u8>>,
    names: BTreeMap<String, usize>,
    ops: Vec<Op>,
    faults: Faults,
    /// Files that this session wrote to.
    written: HashSet<usize>,
}

#[derive(Clone, Default)]
pub(crate) struct SimDisk {
    sim: Arc<Mutex<Sim>>,
}

struct SimFile {
    disk: SimDisk,
    file: usize,
}

impl SimDisk {
    fn sim(&self) -> MutexGuard<'_, Sim> {
        self.sim.lock().unwrap()
    }

    /// Everything that happened so far.
    pub(crate) fn ops(&self) -> Vec<Op> {
        self.sim().ops.clone()
    }

    pub(crate) fn promise(&self, note: usize) {
        self.sim().ops.push(Op::Promise(note));
    }

    pub(crate) fn fail(&self, faults: Faults) {
        self.sim().faults = faults;
    }

    /// All files as they are read now.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let sim = self.sim();
        sim.names.iter().map(|(name, file)| (name.clone(), sim.files[*file].clone())).collect()
    }

    /// A disk that holds these files, durably.
    pub(crate) fn of(names: &BTreeMap<String, Vec<u8>>) -> Self {
        let mut sim = Sim::default();
        for (name, bytes) in names {
            sim.names.insert(name.clone(), sim.files.len());
            sim.files.push(bytes.clone());
        }
        Self { sim: Arc::new(Mutex::new(sim)) }
    }

    /// A disk to which these operations happened: what a process that was killed leaves to the next one.
    pub(crate) fn after(ops: &[Op]) -> Self {
        let mut sim = Sim { ops: ops.to_vec(), ..Sim::default() };
        for op in ops {
            sim.apply(op);
        }
        Self { sim: Arc::new(Mutex::new(sim)) }
    }
}

impl Sim {
    fn apply(&mut self, op: &Op) {
        match op {
            Op::Create { name, file } => {
                self.files.resize(self.files.len().max(file + 1), Vec::new());
                self.names.insert(name.clone(), *file);
            }
            Op::Rename { from, to } => {
                let file = self.names.remove(from).unwrap();
                self.names.insert(to.clone(), file);
            }
            Op::Remove { name } => {
                self.names.remove(name);
            }
            Op::Length { file, len } => set_len(&mut self.files[*file], *len),
            Op::Write { file, offset, bytes } => write(&mut self.files[*file], *offset, bytes),
            Op::SyncFolder | Op::Sync { .. } | Op::Promise(_) => {}
        }
    }

    fn run(&mut self, op: Op) {
        self.apply(&op);
        self.ops.push(op);
    }

    fn name_of(&self, file: usize) -> String {
        self.names.iter().find(|(_, f)| **f == file).map(|(name, _)| name.clone()).unwrap_or_default()
    }
}

fn set_len(file: &mut Vec<u8>, len: u64) {
    let len = usize::try_from(len).unwrap();
    if file.len() < len {
        file.resize(len, 0);
    }
}

fn write(file: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    set_len(file, offset + bytes.len() as u64);
    let start = usize::try_from(offset).unwrap();
    file[start..start + bytes.len()].copy_from_slice(bytes);
}

impl Disk for SimDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.sim().names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut sim = self.sim();
        let file = sim.files.len();
        sim.run(Op::Create { name: name.to_owned(), file });
        Ok(Arc::new(SimFile { disk: self.clone(), file }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = *self.sim().names.get(name).ok_or(io::ErrorKind::NotFound)?;
        self.sim().written.remove(&file);
        Ok(Arc::new(SimFile { disk: self.clone(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.sim().run(Op::Rename { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.sim().run(Op::Remove { name: name.to_owned() });
        Ok(())
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.sim().run(Op::SyncFolder);
        Ok(())
    }
}

impl DiskFile for SimFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.sim().files[self.file].len() as u64)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        let mut sim = self.disk.sim();
        if sim.faults.full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        sim.run(Op::Length { file: self.file, len });
        Ok(())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let sim = self.disk.sim();
        let file = &sim.files[self.file];
        let start = usize::try_from(offset).unwrap().min(file.len());
        let bytes = &file[start..file.len().min(start + buffer.len())];
        buffer[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut sim = self.disk.sim();
        if sim.faults.write {
            return Err(io::Error::other("the disk is on fire"));
        }
        sim.written.insert(self.file);
        sim.run(Op::Write { file: self.file, offset, bytes: bytes.to_vec() });
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut sim = self.disk.sim();
        if sim.faults.sync {
            return Err(io::Error::other("the disk is on fire"));
        }
        let of = if sim.name_of(self.file).ends_with(".new") {
            SyncOf::Fill
        } else if sim.written.contains(&self.file) {
            SyncOf::Written
        } else {
            SyncOf::Opened
        };
        sim.run(Op::Sync { file: self.file, of });
        Ok(())
    }
}

// === what a power loss leaves ===

/// What is durable after some operations, and what may be.
#[derive(Clone, Default)]
pub(crate) struct Platter {
    names: BTreeMap<String, usize>,
    files: Vec<Vec<u8>>,
    names_in_flight: Vec<Op>,
    in_flight: Vec<Op>,
}

/// How much of what is in flight survives.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loss {
    Everything,
    Nothing,
    /// Sectors and names by lot.
    Some(u64),
}

impl Platter {
    /// One more operation. With `ignored` a sync does nothing.
    pub(crate) fn add(&mut self, op: &Op, ignored: bool) {
        match op {
            Op::Create { file, .. } => {
                self.files.resize(self.files.len().max(file + 1), Vec::new());
                self.names_in_flight.push(op.clone());
            }
            Op::Rename { .. } | Op::Remove { .. } => self.names_in_flight.push(op.clone()),
            Op::Length { .. } | Op::Write { .. } => self.in_flight.push(op.clone()),
            Op::SyncFolder if !ignored => {
                for op in std::mem::take(&mut self.names_in_flight) {
                    self.name(&op);
                }
            }
            Op::Sync { file: synced, .. } if !ignored => {
                let (done, open) = std::mem::take(&mut self.in_flight).into_iter().partition(
                    |op| matches!(op, Op::Length { file, .. } | Op::Write { file, .. } if file == synced),
                );
                self.in_flight = open;
                let done: Vec<Op> = done;
                done.iter().for_each(|op| self.data(op, &mut |_| true));
            }
            Op::SyncFolder | Op::Sync { .. } | Op::Promise(_) => {}
        }
    }

    /// The disk after the power came back.
    pub(crate) fn lose(&self, loss: Loss) -> SimDisk {
        let mut left = self.clone();
        let mut lot = match loss {
            Loss::Everything => Lot { seed: 0, keep: Some(false) },
            Loss::Nothing => Lot { seed: 0, keep: Some(true) },
            Loss::Some(seed) => Lot { seed, keep: None },
        };
        for op in std::mem::take(&mut left.in_flight) {
            left.data(&op, &mut |_| lot.draw());
        }
        for op in std::mem::take(&mut left.names_in_flight) {
            if lot.draw() {
                left.name(&op);
            }
        }
        let files = left.names.iter().map(|(name, file)| (name.clone(), left.files[*file].clone()));
        SimDisk::of(&files.collect())
    }

    fn name(&mut self, op: &Op) {
        match op {
            Op::Create { name, file } => {
                self.names.insert(name.clone(), *file);
            }
            Op::Rename { from, to } => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
            }
            Op::Remove { name } => {
                self.names.remove(name);
            }
            _ => {}
        }
    }

    /// Writes those sectors that `keep` chooses.
    fn data(&mut self, op: &Op, keep: &mut dyn FnMut(usize) -> bool) {
        match op {
            Op::Length { file, len } if keep(0) => set_len(&mut self.files[*file], *len),
            Op::Write { file, offset, bytes } => {
                let mut at = 0;
                while at < bytes.len() {
                    let place = usize::try_from(*offset).unwrap() + at;
                    let part = (SECTOR - place % SECTOR).min(bytes.len() - at);
                    if keep(at) {
                        write(&mut self.files[*file], place as u64, &bytes[at..at + part]);
                    }
                    at += part;
                }
            }
            _ => {}
        }
    }
}

/// Small, seeded, the same everywhere.
struct Lot {
    seed: u64,
    keep: Option<bool>,
}

impl Lot {
    fn draw(&mut self) -> bool {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.keep.unwrap_or(self.seed >> 40 & 1 == 1)
    }
}
