//! What the system lets this process have.

/// So many files and sockets are enough: as many connections as a server can have, and as much again for all else.
#[cfg(unix)]
const ENOUGH: u64 = 2 * super::server::MOST_CONNECTIONS as u64;

/// Asks for as many descriptors as the process may have, up to enough for every connection that can be had. A desktop
/// gives 1,024 at first, for the sake of old programs. To be called once, first of all; what is refused changes nothing,
/// and is told where a descriptor is missing.
pub fn raise() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        // No number is no limit.
        let wanted = maximum.map_or(ENOUGH, |most| most.min(ENOUGH));
        if current.is_some_and(|current| current < wanted)
            && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })
        {
            log::info!("descriptors: {error}");
        }
    }
}
