//! How a hookrule comes to run.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::config::Config;
use crate::executor::{self, Executor};
use crate::intake::{self, Intake};
use crate::net::Client;
use crate::operator::{Direct, Operator, Socket};
use crate::rule::RuleSet;
use crate::runtime::nobody;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::{Metric, Telemetry};
use crate::runtime::watch::{Changes, watch};
use crate::server::{Admin, Health, IntakeDoor, Receive, bind};
use crate::stores::Store;
use crate::stores::sqlite::SqliteStore;

use super::health::Rooms;
use super::load::{Loaded, load, stamp};
use super::reload::{Current, Hangups, Live, Outlets, counted, tell};
use super::render::FromStore;
use super::{App, Options, StartError};

/// The open doors, before anybody stands behind them.
struct Doors {
    intake: TcpListener,
    intake_address: SocketAddr,
    admin: Option<(TcpListener, SocketAddr)>,
}

/// The rooms that run.
struct Running {
    intake: Arc<Intake>,
    executor: Executor,
}

impl App {
    /// Reads the files, opens the store and the listeners, and begins.
    ///
    /// # Errors
    /// Files with errors, an address in use, a store that cannot be opened.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        // Before anything is said to run: a SIGHUP that nobody listens for ends the process.
        let hangups = Hangups::listen();
        let loaded = read(&options).await?;
        let (Some(config), Some(rules)) = (loaded.config, loaded.rules) else {
            return Err(StartError::Diagnostics(loaded.problems));
        };
        tell(&loaded.problems);
        let doors = open_doors(&config).await?;
        let store = open_store(&config, &rules, &options).await?;
        let client = Client::new().map_err(operational)?;
        let telemetry = Telemetry::new();
        telemetry.set(Metric::StaleFiles, &[], loaded.stale.len() as u64);
        say_what_runs(&config, &rules);
        let beside = rules.beside.clone();
        let mut watched = config.watched();
        watched.extend(beside.iter().cloned());
        let disk_stamp = stamp(&watched);
        let live = Arc::new(Live {
            path: options.config.clone(),
            environment: Arc::clone(&options.environment),
            store: Arc::clone(&store),
            telemetry: telemetry.clone(),
            outlets: Outlets::new(
                &config,
                rules,
                loaded.definitions.providers.clone(),
                loaded.stale,
            ),
            current: Mutex::new(Current {
                config: Arc::clone(&config),
                definitions: loaded.definitions,
                config_stamp: loaded.stamp,
                beside,
                disk_stamp,
                revision: 1,
            }),
        });
        let running = start_rooms(&live, client, &options);
        let socket = open_socket(&config, &live, &running);
        let listen = doors.intake_address;
        let admin = doors.admin.as_ref().map(|(_, address)| *address);
        let closing = Shutdown::new();
        let (intake_door, admin_door) = man_doors(doors, &live, &running, &options, &closing);
        let changes = follow_files(watched);
        let follow = Arc::clone(&live).follow(hangups, changes, options.shutdown.clone());
        Ok(Self {
            listen,
            admin,
            reloader: tokio::spawn(follow),
            live,
            telemetry,
            executor: running.executor,
            shutdown: options.shutdown,
            closing,
            intake_door,
            admin_door,
            socket,
        })
    }
}

fn operational(error: impl std::fmt::Display) -> StartError {
    StartError::Operational(error.to_string())
}

async fn read(options: &Options) -> Result<Loaded, StartError> {
    let (path, environment) = (options.config.clone(), Arc::clone(&options.environment));
    let read =
        tokio::task::spawn_blocking(move || load(&path, environment.as_ref(), None, &nobody));
    let loaded = read.await.map_err(operational)?;
    if loaded.problems.has_errors() && !options.skip_bad_rules {
        return Err(StartError::Diagnostics(loaded.problems));
    }
    Ok(loaded)
}

async fn open_doors(config: &Config) -> Result<Doors, StartError> {
    let (intake, intake_address) = open_door("listen", config.listen).await?;
    let admin = match config.admin {
        Some(address) => Some(open_door("admin.listen", address).await?),
        None => None,
    };
    Ok(Doors {
        intake,
        intake_address,
        admin,
    })
}

async fn open_door(
    key: &str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let opened = match bind(address).await {
        Ok(listener) => listener.local_addr().map(|address| (listener, address)),
        Err(error) => Err(error),
    };
    opened.map_err(|error| {
        StartError::Operational(format!(
            "cannot listen on {address}: {error}; another process may have that address, or change \
             `{key}` in hookrule.yaml"
        ))
    })
}

async fn open_store(
    config: &Config,
    rules: &RuleSet,
    options: &Options,
) -> Result<Arc<dyn Store>, StartError> {
    let (folder, clock) = (config.store.clone(), options.clock.clone());
    let opened = tokio::task::spawn_blocking(move || SqliteStore::open(&folder, clock)).await;
    let store = opened.map_err(operational)?.map_err(operational)?;
    let store: Arc<dyn Store> = Arc::new(store);
    let kept = store.keep_rule_set(&rules.hash, &rules.text()).await;
    kept.map_err(operational)?;
    Ok(store)
}

fn start_rooms(live: &Live, client: Client, options: &Options) -> Running {
    let outlets = &live.outlets;
    let executor = Executor::start(executor::Parts {
        store: Arc::clone(&live.store),
        client: client.clone(),
        clock: options.clock.clone(),
        telemetry: live.telemetry.clone(),
        destinations: outlets.destinations.subscribe(),
        settings: outlets.executor.subscribe(),
        renderer: Arc::new(FromStore(Arc::clone(&live.store))),
        shutdown: options.shutdown.clone(),
    });
    let intake = Arc::new(Intake::new(intake::Parts {
        store: Arc::clone(&live.store),
        clock: options.clock.clone(),
        telemetry: live.telemetry.clone(),
        sources: outlets.sources.subscribe(),
        rules: outlets.rules.subscribe(),
        settings: outlets.intake.subscribe(),
        handover: Arc::new(executor.clone()),
        fetch: Arc::new(client),
    }));
    Running { intake, executor }
}

/// Without a socket everything works but the commands that ask a running hookrule.
fn open_socket(config: &Config, live: &Live, running: &Running) -> Option<Socket> {
    let executor = running.executor.clone();
    let nudge = move || intake::Handover::nudge(&executor);
    let rules = live.outlets.rules.subscribe();
    let providers = live.outlets.providers.subscribe();
    let store = Arc::clone(&live.store);
    let direct = Direct::new(store, rules, providers, nudge);
    let direct = direct.with_intake(Arc::clone(&running.intake));
    let direct: Arc<dyn Operator> = Arc::new(direct);
    match Socket::open(&config.store, direct) {
        Ok(socket) => Some(socket),
        Err(error) => {
            tracing::warn!(%error, "commands cannot ask this process");
            None
        }
    }
}

type Door = tokio::task::JoinHandle<()>;

fn man_doors(
    doors: Doors,
    live: &Live,
    running: &Running,
    options: &Options,
    closing: &Shutdown,
) -> (Door, Option<Door>) {
    let intake = Arc::clone(&running.intake);
    let receive: Arc<dyn Receive> = intake;
    let intake = IntakeDoor {
        settings: live.outlets.server.subscribe(),
        clock: options.clock.clone(),
        telemetry: live.telemetry.clone(),
        intake: receive,
        shutdown: options.shutdown.clone(),
    };
    let health: Arc<dyn Health> = Arc::new(Rooms {
        intake: Arc::clone(&running.intake),
        executor: running.executor.clone(),
        stale: live.outlets.stale.subscribe(),
        shutdown: options.shutdown.clone(),
    });
    let admin = doors.admin.map(|(listener, address)| {
        tracing::info!("admin: http://{address}/readyz and http://{address}/metrics");
        let admin = Admin {
            settings: live.outlets.server.subscribe(),
            clock: options.clock.clone(),
            telemetry: live.telemetry.clone(),
            health,
            shutdown: options.shutdown.clone(),
            closing: closing.clone(),
        };
        admin.serve(listener)
    });
    let address = doors.intake_address;
    tracing::info!("listening on http://{address}");
    (intake.serve(doors.intake), admin)
}

fn follow_files(paths: Vec<PathBuf>) -> Option<Changes> {
    watch(paths)
        .inspect_err(|error| tracing::warn!(%error, "changes are found every 30 s"))
        .ok()
}

/// What a person wants to see at once.
fn say_what_runs(config: &Config, rules: &RuleSet) {
    tracing::info!("store: {}", config.store.display());
    for source in config.sources.iter() {
        let (name, provider) = (source.name(), source.provider());
        tracing::info!("source {name} ({provider}): POST /webhook/{name}");
    }
    if config.sources.iter().next().is_none() {
        tracing::warn!("no sources: nothing can come in; add one under `sources:`");
    }
    for destination in config.destinations.values() {
        tracing::info!("destination {} ({})", destination.name, destination.kind);
    }
    let (count, files) = (rules.rules.len(), rules.files.len());
    tracing::info!("live: {}, revision 1", counted(count, files));
}
