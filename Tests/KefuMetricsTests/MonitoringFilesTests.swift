import Foundation
import TestSupport
import Testing

@testable import KefuMetrics

/// What stands in `compose/` for those who watch: it names what is there, and Prometheus takes it.
@Suite struct MonitoringFilesTests {
    private static let dashboard = "compose/grafana/kefu.json"
    /// Kinds of panels that Grafana has given up.
    private static let deprecated: Set = ["graph", "singlestat", "table-old", "grafana-piechart-panel", "heatmap-old"]

    @Test func `Prometheus takes the configuration and the alerts, and each alert comes when it should`() async throws {
        let folder = Files.path("compose/prometheus")
        try await Promtool.check("check", "config", "--syntax-only", "\(folder)/prometheus.yml")
        try await Promtool.check("check", "rules", "\(folder)/alerts.yaml")
        try await Promtool.check("test", "rules", "\(folder)/alerts_test.yaml")
        let (rules, tests) = (
            try text("compose/prometheus/alerts.yaml"), try text("compose/prometheus/alerts_test.yaml")
        )
        for alert in rules.matches(of: /- alert: (\w+)/) {
            #expect(tests.contains("alertname=\"\(alert.1)\",alertstate=\"firing\""), "\(alert.1) is not tested")
        }
    }

    @Test func `The alerts name only metrics that exist`() throws {
        let expressions = try text("compose/prometheus/alerts.yaml").matches(
            of: /expr: (\|\n(?: {10,}.*\n)+|.*\n)/
        ).map { String($0.1) }
        #expect(expressions.count >= 10)
        for expression in expressions { check(expression) }
    }

    @Test func `The dashboard is one that Grafana imports`() throws {
        let dashboard = try JSON(text(Self.dashboard))
        #expect(dashboard["title"].string?.isEmpty == false)
        #expect(dashboard["uid"].string == "kefu")
        #expect(dashboard["id"] == .null)
        let variables = dashboard["templating"]["list"].elements
        #expect(variables.compactMap { $0["name"].string } == ["datasource", "instance"])
        #expect(variables.first?["type"] == "datasource")
        let panels = dashboard["panels"].elements
        let ids = panels.map { $0["id"].text }
        #expect(Set(ids).count == ids.count)
        for panel in panels {
            let title = panel["title"].string ?? ""
            #expect(!Self.deprecated.contains(panel["type"].string ?? "graph"), "\(title)")
            let isChinese = title.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) }
            #expect(isChinese || ["Redis", "CPU"].contains(title), "\(title)")
            for source in [panel["datasource"]] + panel["targets"].elements.map({ $0["datasource"] })
            where panel["type"] != "row" { #expect(source["uid"] == "${datasource}", "\(title)") }
        }
    }

    @Test func `The dashboard names only metrics that exist, and shows all of them`() async throws {
        let expressions = try expressions()
        #expect(expressions.count > 40)
        for expression in expressions { check(expression) }
        for family in MetricFamily.all {
            let isShown = expressions.contains { expression in family.seriesNames.contains { expression.contains($0) } }
            #expect(isShown, "\(family.name) has no panel")
        }
    }

    @Test func `Prometheus understands every query of the dashboard`() async throws {
        let rules = try expressions().enumerated().map { index, expression in
            let plain = expression.replacing("$__rate_interval", with: "5m").replacing("$instance", with: ".*")
            return "      - {record: 'a:b\(index)', expr: '\(plain)'}"
        }
        let folder = try PrivateRedis.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = "\(folder)/queries.yaml"
        try "groups:\n  - name: queries\n    rules:\n\(rules.joined(separator: "\n"))\n".write(
            toFile: file, atomically: false, encoding: .utf8)
        try await Promtool.check("check", "rules", file)
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: Files.path(name), encoding: .utf8)
    }

    private func expressions() throws -> [String] {
        try JSON(text(Self.dashboard))["panels"].elements.flatMap { $0["targets"].elements }.compactMap {
            $0["expr"].string
        }
    }

    /// Every selector names a series of the catalogue and labels that it has.
    private func check(_ expression: String) {
        let selectors = expression.matches(of: /\b((?:kefu|process|up)[a-z_]*)\b(?:\{([^}]*)\})?/)
            .filter { $0.1 == "up" || $0.1.contains("_") }
        #expect(!selectors.isEmpty, "\(expression)")
        for selector in selectors where selector.1 != "up" {
            let family = MetricFamily.all.first { $0.seriesNames.contains(String(selector.1)) }
            #expect(family != nil, "\(selector.1) in \(expression)")
            let labels = Set((selector.2 ?? "").matches(of: /(\w+)[!=]/).map { String($0.1) })
            let known = Set(family?.labels ?? []).union(["instance", "job", "le"])
            #expect(labels.isSubset(of: known), "\(labels) in \(expression)")
        }
        for list in expression.matches(of: /by \(([^)]*)\)/) {
            let labels = list.1.split(separator: /, */).map(String.init)
            let known = Set(MetricFamily.all.flatMap(\.labels)).union(["instance", "job", "le"])
            #expect(Set(labels).isSubset(of: known), "\(expression)")
        }
    }
}
