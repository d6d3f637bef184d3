//! The way to the writer: requests wait here while the disk is busy, and become one batch.

use crate::frames::Frames;
use crate::hold;
use crate::lane::Lane;
use crate::segment::Segment;
use broker_core::Entry;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, oneshot};

/// State waits so long for records to share a sync with: nobody is kept waiting by it, and the states of a thousand
/// lanes, each written by itself, would cost as many syncs as their events.
const COMPANY: Duration = Duration::from_millis(5);

/// What was written, or why it was not: nothing of it needs to be repeated by the log.
pub(crate) type Answer = Result<(), String>;

/// Frames to be written together and what follows from it.
pub(crate) struct Request {
    pub(crate) frames: Frames,
    pub(crate) purpose: Purpose,
    /// Frees space in the end: may use the reserve of a full disk.
    pub(crate) urgent: bool,
    cost: u32,
    done: oneshot::Sender<Answer>,
}

/// What the frames are.
pub(crate) enum Purpose {
    /// New records of a lane.
    Entries { lane: Arc<Lane>, entries: Vec<Entry> },
    /// One change or one snapshot of a lane's state.
    State { lane: Arc<Lane> },
    /// What the lane still needs of `from`: its first `records` frames are the records below `upto`.
    Moved { lane: Arc<Lane>, from: Arc<Segment>, records: usize, upto: u64 },
    /// A channel comes.
    Create,
    /// A channel goes.
    Remove { channel: u64 },
}

struct Pending {
    requests: Vec<Request>,
    /// Lanes whose truncation is written with the next batch; it is not worth a batch of its own.
    marks: Vec<Arc<Lane>>,
    writer: WriterIs,
    /// Why nothing is taken any more.
    ended: Option<String>,
}

/// What the writer does, as far as those who push must know.
#[derive(Clone, Copy, PartialEq)]
enum WriterIs {
    Busy,
    /// Woken by whatever comes.
    Asleep,
    /// Has state to write; woken by anything else.
    Waiting,
}

/// Requests for the writer, bounded in bytes.
pub(crate) struct Queue {
    pending: Mutex<Pending>,
    wake: Condvar,
    room: Semaphore,
    limit: u32,
    company: Duration,
}

impl Request {
    /// Bytes of the queue's room that it takes.
    pub(crate) fn cost(&self) -> usize {
        self.cost as usize
    }

    /// True for what is written soon enough with whatever comes next.
    fn is_patient(&self) -> bool {
        matches!(self.purpose, Purpose::State { .. })
    }

    /// Tells the one who waits, who tells those who read. When it has gone, they are told here.
    pub(crate) fn answer(self, answer: Answer) {
        let heard = self.done.send(answer).is_ok();
        if let Purpose::Entries { lane, .. } = &self.purpose
            && !heard
        {
            lane.tell();
        }
    }
}

impl Queue {
    pub(crate) fn new(limit: u32) -> Self {
        let pending =
            Pending { requests: Vec::new(), marks: Vec::new(), writer: WriterIs::Busy, ended: None };
        let room = Semaphore::new(limit as usize);
        Self { pending: Mutex::new(pending), wake: Condvar::new(), room, limit, company: COMPANY }
    }

    /// Hands the frames to the writer once there is room, and waits until they are durable.
    pub(crate) async fn submit(&self, frames: Frames, purpose: Purpose, urgent: bool) -> Answer {
        // A request that is larger than the queue waits until the queue is empty.
        let cost = u32::try_from(frames.bytes()).unwrap_or(u32::MAX).min(self.limit);
        match self.room.acquire_many(cost).await {
            Ok(permit) => permit.forget(),
            Err(_) => return Err(self.reason()),
        }
        let answer = self.push(frames, purpose, urgent, cost)?;
        answer.await.unwrap_or_else(|_| Err(self.reason()))
    }

    /// As [`Queue::submit`], without waiting for room or for the answer: for the few small requests of the log itself.
    pub(crate) fn post(
        &self,
        frames: Frames,
        purpose: Purpose,
        urgent: bool,
    ) -> Result<oneshot::Receiver<Answer>, String> {
        self.push(frames, purpose, urgent, 0)
    }

    fn push(
        &self,
        frames: Frames,
        purpose: Purpose,
        urgent: bool,
        cost: u32,
    ) -> Result<oneshot::Receiver<Answer>, String> {
        let (done, answer) = oneshot::channel();
        let mut pending = hold(&self.pending);
        if let Some(reason) = &pending.ended {
            return Err(reason.clone());
        }
        let request = Request { frames, purpose, urgent, cost, done };
        let wakes = match pending.writer {
            WriterIs::Busy => false,
            WriterIs::Asleep => true,
            WriterIs::Waiting => !request.is_patient(),
        };
        pending.requests.push(request);
        if wakes {
            pending.writer = WriterIs::Busy;
            self.wake.notify_one();
        }
        Ok(answer)
    }

    /// Writes the lane's truncation down with the next batch.
    pub(crate) fn mark(&self, lane: Arc<Lane>) {
        hold(&self.pending).marks.push(lane);
    }

    /// Everything that waits; sleeps while that is nothing. False when no more will come.
    pub(crate) fn take(&self, requests: &mut Vec<Request>, marks: &mut Vec<Arc<Lane>>) -> bool {
        let mut pending = hold(&self.pending);
        while pending.requests.is_empty() && pending.ended.is_none() {
            pending.writer = WriterIs::Asleep;
            pending = self.wake.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
        let alone = Instant::now() + self.company;
        while pending.requests.iter().all(Request::is_patient) && pending.ended.is_none() {
            let Some(left) = alone.checked_duration_since(Instant::now()) else { break };
            pending.writer = WriterIs::Waiting;
            (pending, _) = self.wake.wait_timeout(pending, left).unwrap_or_else(PoisonError::into_inner);
        }
        pending.writer = WriterIs::Busy;
        std::mem::swap(requests, &mut pending.requests);
        std::mem::swap(marks, &mut pending.marks);
        !(requests.is_empty() && marks.is_empty())
    }

    /// There is room again for what is written.
    pub(crate) fn release(&self, cost: usize) {
        self.room.add_permits(cost);
    }

    /// Takes nothing more; what is in the queue is still written.
    pub(crate) fn end(&self, reason: &str) {
        let mut pending = hold(&self.pending);
        pending.ended.get_or_insert_with(|| reason.to_owned());
        self.room.close();
        self.wake.notify_one();
    }

    fn reason(&self) -> String {
        hold(&self.pending).ended.clone().unwrap_or_else(|| "the log's writer is gone".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Header, Kind};
    use crate::lane::Contents;
    use broker_core::Lane as LaneNumber;
    use futures::FutureExt;
    use std::pin::pin;

    /// Frames of so many bytes.
    fn frames(bytes: usize) -> Frames {
        let mut frames = Frames::default();
        let head = crate::frame::HEADER;
        frames.push(Header::new(Kind::Channel, 1, 0), |out| out.resize(out.len() + bytes - head, 0));
        frames
    }

    /// What the writer takes now; it must be something.
    fn taken(queue: &Queue) -> Vec<Request> {
        let mut requests = Vec::new();
        assert!(queue.take(&mut requests, &mut Vec::new()));
        requests
    }

    fn state() -> Purpose {
        let contents = Contents {
            first: 0,
            end: 0,
            index: Default::default(),
            tail: Default::default(),
            state: Default::default(),
            closed: false,
        };
        Purpose::State { lane: Arc::new(Lane::new(1, LaneNumber(0), contents, 0, 0)) }
    }

    #[test]
    fn state_waits_for_company() {
        let hours = Duration::from_secs(3600);
        let queue = Arc::new(Queue { company: hours, ..Queue::new(1000) });
        let answer = queue.post(frames(48), state(), false).unwrap();
        let writer = std::thread::spawn({
            let queue = queue.clone();
            move || taken(&queue).len()
        });
        while hold(&queue.pending).writer != WriterIs::Waiting {
            std::thread::yield_now();
        }
        let more = queue.post(frames(48), state(), false).unwrap();
        assert!(hold(&queue.pending).writer == WriterIs::Waiting, "more of it wakes nobody");
        let event = queue.post(frames(48), Purpose::Create, false).unwrap();
        assert_eq!(writer.join().unwrap(), 3);
        drop((answer, more, event));
    }

    #[test]
    fn state_without_company_is_written_all_the_same() {
        let queue = Queue { company: Duration::ZERO, ..Queue::new(1000) };
        let answer = queue.post(frames(48), state(), false).unwrap();
        assert_eq!(taken(&queue).len(), 1);
        drop(answer);
    }

    #[tokio::test]
    async fn what_finds_no_room_waits_until_others_are_written() {
        let queue = Queue::new(1000);
        let submit = |bytes| queue.submit(frames(bytes), Purpose::Create, false);
        let (mut first, mut second) = (pin!(submit(600)), pin!(submit(600)));
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        let mut requests = taken(&queue);
        assert_eq!(requests.len(), 1, "the second does not even lie in the queue");
        queue.release(requests[0].cost());
        requests.remove(0).answer(Ok(()));
        assert_eq!(first.await, Ok(()));
        assert!(second.as_mut().now_or_never().is_none());
        taken(&queue).remove(0).answer(Ok(()));
        assert_eq!(second.await, Ok(()));
    }

    #[tokio::test]
    async fn what_is_larger_than_the_queue_goes_alone() {
        let queue = Queue::new(1000);
        let submit = |bytes| queue.submit(frames(bytes), Purpose::Create, false);
        let (mut large, mut small) = (pin!(submit(5000)), pin!(submit(48)));
        assert!(large.as_mut().now_or_never().is_none() && small.as_mut().now_or_never().is_none());
        let requests = taken(&queue);
        assert_eq!((requests.len(), requests[0].cost()), (1, 1000));
    }

    #[tokio::test]
    async fn who_waits_for_room_hears_of_the_end() {
        let queue = Queue::new(1000);
        let submit = |bytes| queue.submit(frames(bytes), Purpose::Create, false);
        let (mut first, mut second) = (pin!(submit(600)), pin!(submit(600)));
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        assert_eq!(taken(&queue).len(), 1);
        queue.end("the disk is on fire");
        assert_eq!(second.await, Err("the disk is on fire".to_owned()));
        assert_eq!(submit(48).await, Err("the disk is on fire".to_owned()));
    }
}
