/// Finds the route of a path. Paths are compared as bytes: no decoding, no merging of slashes, no dot segments, so
/// that a path means one thing only.
package struct Router: Sendable {
    enum Match {
        case found(Route, argument: String?)
        /// The path exists; the value of `Allow`.
        case otherMethod(allow: String)
        case unknown
    }

    private struct Entry {
        /// The literal part.
        var literal: [UInt8]
        /// Whether one more segment follows the literal part.
        var takesArgument: Bool
        var routes: [Route]

        var allow: String {
            routes.map { $0.method == .get ? "GET, HEAD" : $0.method.rawValue }.joined(separator: ", ")
        }
    }

    private let entries: [Entry]
    /// All of them, each with its index.
    let routes: [Route]

    /// - Parameter routes: no two of them with one method and path.
    package init(_ routes: [Route]) {
        var (routes, entries): ([Route], [Entry]) = (routes, [])
        for index in routes.indices { routes[index].index = index }
        self.routes = routes
        for route in routes {
            let takesArgument = route.path.contains("/:")
            let literal = Array(
                takesArgument ? route.path.utf8.prefix { $0 != UInt8(ascii: ":") } : route.path.utf8[...])
            if let index = entries.firstIndex(where: { $0.literal == literal && $0.takesArgument == takesArgument }) {
                entries[index].routes.append(route)
            } else {
                entries.append(Entry(literal: literal, takesArgument: takesArgument, routes: [route]))
            }
        }
        self.entries = entries
    }

    /// - Parameters:
    ///   - method: as sent, in capitals. `HEAD` is `GET` whose body is not sent.
    ///   - path: the target's path, ASCII.
    func match(method: String, path: Substring) -> Match {
        let bytes = path.utf8
        let count = bytes.count
        for entry in entries {
            if entry.takesArgument {
                guard count > entry.literal.count, bytes.starts(with: entry.literal) else { continue }
                let argument = path.utf8.dropFirst(entry.literal.count)
                guard !argument.contains(UInt8(ascii: "/")) else { continue }
                return pick(entry, method, argument: String(Substring(argument)))
            }
            if count == entry.literal.count, bytes.elementsEqual(entry.literal) {
                return pick(entry, method, argument: nil)
            }
        }
        return .unknown
    }

    private func pick(_ entry: Entry, _ method: String, argument: String?) -> Match {
        let method = method == "HEAD" ? "GET" : method
        for route in entry.routes where route.method.rawValue == method {
            return .found(route, argument: argument)
        }
        return .otherMethod(allow: entry.allow)
    }
}
