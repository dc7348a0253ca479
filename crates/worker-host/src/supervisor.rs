//! One worker, kept alive.

use std::collections::VecDeque;
use std::sync::Arc;

use engine::JobError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::{CancellationToken, DropGuard};
use worker_kit::{Protocol, WorkerHello};

use crate::command::WorkerCommand;
use crate::connection::{Connection, Ending, NotOpened};
use crate::events::Events;
use crate::launch::Launch;
use crate::running::{self, Call, CallResult};
use crate::status::{Life, Limits, RestartBudget, WorkerGone, WorkerStatus};
use crate::ticket::{Outcome, Ticket, ticket};

/// Calls that may wait in the supervisor's queue; further ones wait in front of it.
const QUEUE: usize = 64;

/// One worker process and its restarts. Clones speak to the same worker; when the last is dropped the process is
/// killed.
pub struct Supervisor<P: Protocol> {
    asks: mpsc::Sender<Ask<P>>,
    status: watch::Receiver<WorkerStatus>,
    /// Ends the task, and with it the process, with the last clone.
    alive: Arc<DropGuard>,
}

impl<P: Protocol> Clone for Supervisor<P> {
    fn clone(&self) -> Self {
        Self { asks: self.asks.clone(), status: self.status.clone(), alive: Arc::clone(&self.alive) }
    }
}

enum Ask<P: Protocol> {
    Call(Ticket<Call<P>, CallResult<P>>),
    Start(oneshot::Sender<Result<Arc<WorkerHello>, WorkerGone>>),
    Revive(oneshot::Sender<Result<Arc<WorkerHello>, WorkerGone>>),
    Stop(oneshot::Sender<()>),
}

impl<P: Protocol> Supervisor<P> {
    /// A worker that is started by its first call, or by [`start`](Self::start).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(command: WorkerCommand, limits: Limits) -> Self {
        Self::launching(command, limits)
    }

    pub(crate) fn launching(launch: impl Launch, limits: Limits) -> Self {
        let (asks, queue) = mpsc::channel(QUEUE);
        let (status, watched) = watch::channel(WorkerStatus::Stopped);
        let alive = CancellationToken::new();
        let owner = Owner {
            launch: Box::new(launch),
            limits,
            asks: queue,
            status,
            place: Place::Down,
            deaths: VecDeque::new(),
            lives: Life(0),
        };
        tokio::spawn(alive.clone().run_until_cancelled_owned(owner.run()));
        Self { asks, status: watched, alive: Arc::new(alive.drop_guard()) }
    }

    /// How the worker is, now and from now on.
    pub fn status(&self) -> watch::Receiver<WorkerStatus> {
        self.status.clone()
    }

    /// Starts the worker if it does not run, after the calls that were made before.
    pub async fn start(&self) -> Result<Arc<WorkerHello>, WorkerGone> {
        self.ask(Ask::Start).await.unwrap_or_else(|| Err(closing()))
    }

    /// Starts the worker also if it is degraded, and forgets its deaths.
    pub async fn revive(&self) -> Result<Arc<WorkerHello>, WorkerGone> {
        self.ask(Ask::Revive).await.unwrap_or_else(|| Err(closing()))
    }

    /// Ends the process after the calls that were made before, to give its memory back. The next call starts it again.
    pub async fn stop(&self) {
        // With the owner gone it has ended.
        let _ = self.ask(Ask::Stop).await;
    }

    /// Does one job, after those that were asked before. The events arrive in `events` before this returns. A call
    /// cancelled before its turn ends at once with [`JobError::Cancelled`]; one cancelled in the middle ends as the
    /// worker ends it, or, if that takes longer than [`Limits::cancel_grace`], with the worker killed. A listener
    /// that has gone away, or the dropping of this future, is a cancellation. After a cancellation a full listener
    /// is not waited for.
    pub async fn call(
        &self,
        request: P::Request,
        events: impl Into<Events<P::Event>>,
        cancel: CancellationToken,
    ) -> Result<Result<P::Output, JobError>, WorkerGone> {
        self.queue(Call { request, events: events.into(), inputs: None, cancel }).await
    }

    /// As [`call`](Self::call), for a job into which more is streamed while it runs. The input ends with its channel.
    pub async fn call_with_input(
        &self,
        request: P::Request,
        inputs: mpsc::Receiver<P::Input>,
        events: impl Into<Events<P::Event>>,
        cancel: CancellationToken,
    ) -> Result<Result<P::Output, JobError>, WorkerGone> {
        self.queue(Call { request, events: events.into(), inputs: Some(inputs), cancel }).await
    }

    async fn queue(&self, call: Call<P>) -> CallResult<P> {
        let cancel = call.cancel.clone();
        let (ticket, waiting) = ticket(call);
        tokio::select! {
            biased;
            sent = self.asks.send(Ask::Call(ticket)) => {
                if sent.is_err() {
                    return Err(closing());
                }
            }
            () = cancel.cancelled() => return Ok(Err(JobError::Cancelled)),
        }
        match waiting.outcome(&cancel).await {
            Outcome::Answer(answer) => answer,
            Outcome::Withdrawn => Ok(Err(JobError::Cancelled)),
            Outcome::Lost => Err(closing()),
        }
    }

    async fn ask<R>(&self, ask: impl FnOnce(oneshot::Sender<R>) -> Ask<P>) -> Option<R> {
        let (sender, answer) = oneshot::channel();
        self.asks.send(ask(sender)).await.ok()?;
        answer.await.ok()
    }
}

fn closing() -> WorkerGone {
    WorkerGone::Died { reason: "the program is closing".into() }
}

enum Place<P: Protocol> {
    Down,
    Up(Connection<P>),
    Degraded { reason: String, crashes: u32 },
}

/// The task that owns the process.
struct Owner<P: Protocol> {
    launch: Box<dyn Launch>,
    limits: Limits,
    asks: mpsc::Receiver<Ask<P>>,
    status: watch::Sender<WorkerStatus>,
    place: Place<P>,
    /// Within the budget's window, oldest first.
    deaths: VecDeque<Instant>,
    lives: Life,
}

impl<P: Protocol> Owner<P> {
    async fn run(mut self) {
        loop {
            tokio::select! {
                // A death first: a call that comes after it belongs to the next life.
                biased;
                ending = idle(&mut self.place) => self.restart(ending).await,
                ask = self.asks.recv() => match ask {
                    Some(ask) => self.take(ask).await,
                    None => return,
                },
            }
        }
    }

    async fn take(&mut self, ask: Ask<P>) {
        // Whoever asked may have stopped waiting; what was asked is done all the same.
        match ask {
            Ask::Call(ticket) => self.call(ticket).await,
            Ask::Start(answer) => {
                let _ = answer.send(self.up().await.map(|worker| Arc::clone(&worker.hello)));
            }
            Ask::Revive(answer) => {
                self.deaths.clear();
                if let Place::Degraded { .. } = self.place {
                    self.place = Place::Down;
                }
                let _ = answer.send(self.up().await.map(|worker| Arc::clone(&worker.hello)));
            }
            Ask::Stop(answer) => {
                if let Place::Up(worker) = std::mem::replace(&mut self.place, Place::Down) {
                    // Its input is closed, so it ends; a worker that does not is killed.
                    worker.bury(Ending::Closed).await;
                }
                self.status.send_replace(WorkerStatus::Stopped);
                let _ = answer.send(());
            }
        }
    }

    async fn call(&mut self, ticket: Ticket<Call<P>, CallResult<P>>) {
        // The worker comes first and the claim second, so that a call cancelled meanwhile costs its caller no wait.
        let limits = self.limits;
        let worker = match self.up().await {
            Ok(worker) => worker,
            Err(gone) => return ticket.answer(Err(gone)),
        };
        let (life, hello) = (worker.life, Arc::clone(&worker.hello));
        let Some((call, mut answer)) = ticket.claim() else { return };
        self.status.send_replace(WorkerStatus::Busy { life });
        let Place::Up(worker) = &mut self.place else { return };
        let result = running::run(worker, call, &mut answer, &limits).await;
        let ending = match &result {
            Ok(_) if worker.is_leaving() => Ending::Closed,
            Ok(_) => {
                self.status.send_replace(WorkerStatus::Ready { life, hello });
                let _ = answer.send(result.map_err(|_| closing()));
                return;
            }
            Err(ending) => ending.clone(),
        };
        // The answer comes when the status is no longer that of this life: who asks again asks the next.
        let reason = self.bury(ending).await;
        let pause = self.count(&reason);
        let _ = answer.send(result.map_err(|_| WorkerGone::Died { reason }));
        self.come_back(pause).await;
    }

    async fn restart(&mut self, ending: Ending) {
        let reason = self.bury(ending).await;
        let pause = self.count(&reason);
        self.come_back(pause).await;
    }

    async fn bury(&mut self, ending: Ending) -> String {
        match std::mem::replace(&mut self.place, Place::Down) {
            Place::Up(worker) => worker.bury(ending).await,
            Place::Down | Place::Degraded { .. } => String::new(),
        }
    }

    /// Counts a death and publishes what follows from it: a restart after a pause, or none.
    fn count(&mut self, reason: &str) -> Option<std::time::Duration> {
        let RestartBudget { deaths, window } = self.limits.restarts;
        let now = Instant::now();
        self.deaths.push_back(now);
        self.deaths.retain(|death| now.duration_since(*death) < window);
        let crashes = u32::try_from(self.deaths.len()).unwrap_or(u32::MAX);
        tracing::warn!(life = self.lives.0, crashes, reason, "worker ended");
        let reason = reason.to_owned();
        if crashes >= deaths {
            self.place = Place::Degraded { reason: reason.clone(), crashes };
            self.status.send_replace(WorkerStatus::Degraded { reason, crashes });
            return None;
        }
        self.status.send_replace(WorkerStatus::Restarting { reason });
        Some(RestartBudget::pause(crashes))
    }

    /// Comes back without being asked, so that the next call finds a worker.
    async fn come_back(&mut self, pause: Option<std::time::Duration>) {
        if let Some(pause) = pause {
            sleep(pause).await;
            // The status tells if it did not work.
            let _ = self.up().await;
        }
    }

    /// The running worker, started if need be.
    async fn up(&mut self) -> Result<&mut Connection<P>, WorkerGone> {
        while !matches!(self.place, Place::Up(_)) {
            if let Place::Degraded { reason, crashes } = &self.place {
                return Err(WorkerGone::Degraded { reason: reason.clone(), crashes: *crashes });
            }
            self.lives.0 += 1;
            self.status.send_replace(WorkerStatus::Starting);
            match Connection::open(&*self.launch, self.lives, self.limits.handshake).await {
                Ok(worker) => {
                    let (life, hello) = (worker.life, Arc::clone(&worker.hello));
                    self.place = Place::Up(worker);
                    self.status.send_replace(WorkerStatus::Ready { life, hello });
                }
                Err(NotOpened::CannotStart(reason)) => {
                    self.status.send_replace(WorkerStatus::CannotStart { reason: reason.clone() });
                    return Err(WorkerGone::CannotStart { reason });
                }
                Err(NotOpened::Died(reason)) => {
                    if let Some(pause) = self.count(&reason) {
                        sleep(pause).await;
                    }
                }
            }
        }
        match &mut self.place {
            Place::Up(worker) => Ok(worker),
            // The loop above ends only when it is up.
            Place::Down | Place::Degraded { .. } => Err(closing()),
        }
    }
}

/// Waits for the end of a worker that has nothing to do; for ever when there is none.
async fn idle<P: Protocol>(place: &mut Place<P>) -> Ending {
    match place {
        Place::Up(worker) => worker.idle().await,
        Place::Down | Place::Degraded { .. } => std::future::pending().await,
    }
}
