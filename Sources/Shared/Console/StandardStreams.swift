import Foundation

/// The three descriptors that a program begins with.
enum StandardStreams {
    /// Has writing to a pipe that nobody reads any more fail instead of ending the process, and opens those of the three
    /// that were closed on /dev/null: otherwise the first files that are opened would take their places, and what is
    /// printed would go into them. To be called before anything is opened.
    static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // The lowest free one is this one.
            _ = open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY)
        }
    }
}
