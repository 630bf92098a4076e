/// The files of the pages. A new one is a line here and one in `Package.swift`, which puts it into the binary under its
/// name with `_` for what is no letter or digit.
enum Assets {
    /// The dashboard, at `/`.
    static let index = Asset("index.html", PackageResources.index_html)

    /// What this server does, as OpenAPI 3.1, at `/api/openapi.json`.
    static let description = Asset("openapi.json", PackageResources.openapi_json)

    /// The page that shows it, at `/api/docs`.
    static let documentation = Asset("docs.html", PackageResources.docs_html)

    /// What the pages load, at `/assets/<name>`.
    static let all = [
        Asset("base.css", PackageResources.base_css),
        Asset("parts.css", PackageResources.parts_css),
        Asset("views.css", PackageResources.views_css),
        Asset("actions.js", PackageResources.actions_js),
        Asset("api.js", PackageResources.api_js),
        Asset("bulk.js", PackageResources.bulk_js),
        Asset("chart.js", PackageResources.chart_js),
        Asset("dialogs.js", PackageResources.dialogs_js),
        Asset("dom.js", PackageResources.dom_js),
        Asset("failures.js", PackageResources.failures_js),
        Asset("live.js", PackageResources.live_js),
        Asset("look.js", PackageResources.look_js),
        Asset("main.js", PackageResources.main_js),
        Asset("now.js", PackageResources.now_js),
        Asset("pages.js", PackageResources.pages_js),
        Asset("parts.js", PackageResources.parts_js),
        Asset("plain.js", PackageResources.plain_js),
        Asset("rows.js", PackageResources.rows_js),
        Asset("task.js", PackageResources.task_js),
        Asset("tasks.js", PackageResources.tasks_js),
        Asset("terms.js", PackageResources.terms_js),
        Asset("time.js", PackageResources.time_js),
        Asset("timeline.js", PackageResources.timeline_js),
        Asset("try.js", PackageResources.try_js),
        Asset("docs.css", PackageResources.docs_css),
        Asset("docs.js", PackageResources.docs_js),
    ]

    static func named(_ name: String) -> Asset? { all.first { $0.name.utf8.elementsEqual(name.utf8) } }
}
