import KefuCore

/// A platform as a file describes it: how what it says becomes events, and how actions and callbacks go out in its own
/// words. Read once, at the start.
package struct Adapter: Sendable {
    /// Bytes of a file.
    package static let largestFile = 256 * 1024

    /// For people.
    package let name: String?
    let environment: AdapterEnvironment
    let incoming: IncomingTemplates?
    let outgoing: ActionTemplates?
    let callback: CallbackTemplate?
    let connector: ConnectorTemplates

    /// All that is wrong with a file.
    package struct Flaws: Error {
        package var list: [AdapterFlaw]

        package init(list: [AdapterFlaw]) { self.list = list }
    }

    /// - Parameters:
    ///   - lookUp: a variable of the environment; nil when it is not set.
    ///   - missing: what stands in for one that is not set; nil: then the file is wrong.
    package init(
        _ file: [UInt8], missing: ((String) -> String)? = nil, lookUp: (String) -> String?
    ) throws(Flaws) {
        let flaws = FlawList()
        let root: JSONValue
        do throws(InputError) {
            guard file.count <= Self.largestFile else {
                throw InputError(.validation, detail: "the file is larger than \(Self.largestFile) bytes")
            }
            root = try JSONValue(parsing: file)
        } catch {
            throw Flaws(list: [AdapterFlaw(path: "", detail: error.detail)])
        }
        let place = FilePlace(value: root, path: "", flaws: flaws)
        guard let object = place.object("name", "env", "in", "out", "callback", "connector") else {
            throw Flaws(list: flaws.flaws)
        }
        name = object["name"]?.text()
        let environment = AdapterEnvironment(object["env"], missing: missing, lookUp: lookUp)
        self.environment = environment
        incoming = object["in"].flatMap { IncomingTemplates($0, environment: environment) }
        outgoing = object["out"].flatMap { ActionTemplates($0, environment: environment) }
        callback = object["callback"].flatMap { CallbackTemplate($0, environment: environment) }
        connector = object["connector"].map { ConnectorTemplates($0, environment: environment) } ?? ConnectorTemplates()
        if outgoing?.usesFrames == true, connector.answer == nil, object["connector"]?.value["answer"] == nil {
            place.at("connector", .null).at("answer", .null).flaw("is required where an action has a frame")
        }
        if object["in"] == nil, object["out"] == nil, object["callback"] == nil {
            place.flaw("must have at least one of: in, out, callback")
        }
        if !flaws.flaws.isEmpty { throw Flaws(list: flaws.flaws) }
    }

    /// Whether it says what events look like.
    package var hasEvents: Bool { incoming != nil }
    /// Whether actions go out over HTTP as it says, and whether they need the URL of the settings.
    package var sendsActions: Bool { outgoing?.usesHTTP == true }
    package var needsGatewayURL: Bool { outgoing?.needsURL == true }
    /// Whether actions go out as frames.
    package var sendsFrames: Bool { outgoing?.usesFrames == true }
    package var sendsCallbacks: Bool { callback != nil }
    package var needsCallbackURL: Bool { callback != nil && callback?.request.url == nil }

    package func dialect(reader: RequestReader, formatTime: @escaping @Sendable (Int64) -> String) -> AdapterDialect {
        AdapterDialect(self, reader: reader, formatTime: formatTime)
    }

    /// Nil when it does not say how actions go out over HTTP.
    package func gateway(
        url: String?, timeout: Duration, transport: any PlatformTransport,
        formatTime: @escaping @Sendable (Int64) -> String
    ) -> AdapterGateway? {
        guard sendsActions, let outgoing else { return nil }
        return AdapterGateway(
            outgoing, environment: environment, url: url, timeout: timeout, transport: transport,
            formatTime: formatTime)
    }

    /// Nil when it does not say how callbacks go out.
    package func callbackTransport(
        url: String?, timeout: Duration, transport: any PlatformTransport,
        formatTime: @escaping @Sendable (Int64) -> String
    ) -> AdapterCallbackTransport? {
        callback.map {
            AdapterCallbackTransport(
                template: $0, environment: environment, url: url, timeout: timeout, transport: transport,
                formatTime: formatTime)
        }
    }
}
