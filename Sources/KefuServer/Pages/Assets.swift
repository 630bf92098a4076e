/// The files of the pages. A new one is a line here and one in `Package.swift`, which puts it into the binary under its
/// name with `_` for what is no letter or digit.
enum Assets {
    /// The dashboard, at `/`.
    static let index = Asset("index.html", PackageResources.index_html)

    /// What the pages load, at `/assets/<name>`.
    static let all = [
        Asset("app.css", PackageResources.app_css),
        Asset("app.js", PackageResources.app_js),
    ]

    static func named(_ name: String) -> Asset? { all.first { $0.name.utf8.elementsEqual(name.utf8) } }
}
