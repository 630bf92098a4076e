import Glibc
import Synchronization

/// Free ports for instances to listen on: below those that the system gives to clients by itself, each handed out
/// once by this process. Another process may still be faster; then the instance does not start and another is tried.
package enum Ports {
    private static let range = 15_000..<30_000
    private static let next = Mutex(Int.random(in: range))

    package static func free() -> Int {
        next.withLock { next in
            repeat { next = next + 1 < range.upperBound ? next + 1 : range.lowerBound } while !isFree(next)
            return next
        }
    }

    private static func isFree(_ port: Int) -> Bool {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { close(socket) }
        var reuse: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
