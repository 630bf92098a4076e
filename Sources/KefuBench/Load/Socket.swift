import Glibc

/// Non-blocking TCP sockets on the loopback address, and blocking ones on a path.
enum Socket {
    static func connect(port: UInt16) throws(BenchError) -> Int32 {
        let descriptor = try tcp()
        var address = loopback(port: port)
        // Blocking until connected: on the loopback address that takes no time.
        let outcome = withSockAddr(&address) { Glibc.connect(descriptor, $0, $1) }
        guard outcome == 0 else {
            let error = BenchError.system("connect to port \(port)")
            close(descriptor)
            throw error
        }
        try makeLoadReady(descriptor)
        return descriptor
    }

    /// Listens on a port that the system chooses.
    static func listen() throws(BenchError) -> (descriptor: Int32, port: UInt16) {
        let descriptor = try tcp()
        var address = loopback(port: 0)
        guard withSockAddr(&address, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 1024) == 0 else {
            throw .system("listen")
        }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let named = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard named == 0 else { throw .system("getsockname") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    /// A port that was free a moment ago.
    static func freePort() throws(BenchError) -> UInt16 {
        let (descriptor, port) = try listen()
        close(descriptor)
        return port
    }

    static func makeLoadReady(_ descriptor: Int32) throws(BenchError) {
        var on: Int32 = 1
        try makeNonBlocking(descriptor)
        guard setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size)) == 0
        else { throw .system("setsockopt") }
    }

    static func makeNonBlocking(_ descriptor: Int32) throws(BenchError) {
        guard fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else { throw .system("fcntl") }
    }

    static func connect(path: String) throws(BenchError) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw .system("socket") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard path.utf8.count < room.count else { return false }
            room.copyBytes(from: path.utf8)
            return true
        }
        guard fits else { throw BenchError("socket path too long: \(path)") }
        let outcome = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard outcome == 0 else {
            let error = BenchError.system("connect to \(path)")
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func tcp() throws(BenchError) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("socket") }
        return descriptor
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func withSockAddr(
        _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
