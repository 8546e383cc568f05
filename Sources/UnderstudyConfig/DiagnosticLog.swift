// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Collects what is said about a configuration, and keeps one mistake from being reported twice in two guises.

import Yams

/// The diagnostics of one configuration.
struct DiagnosticLog {
    let file: String
    private(set) var entries: [ConfigurationDiagnostic] = []
    /// Entries beyond `capacity`: counted, not kept, so that no file can make the log grow without end.
    private(set) var omitted = 0
    private(set) var hasErrors = false
    private var said: Set<String> = []
    private var faultyPaths: Set<String> = []
    private var faultyParents: Set<String> = []

    static let capacity = 100

    init(file: String) {
        self.file = file
    }

    var inFileOrder: [ConfigurationDiagnostic] {
        entries.enumerated().sorted { left, right in
            (left.element.line ?? 0, left.element.column ?? 0, left.offset)
                < (right.element.line ?? 0, right.element.column ?? 0, right.offset)
        }.map(\.element)
    }

    /// Reports something about the file as a whole, or about a position that has no path.
    mutating func report(
        _ kind: ConfigurationDiagnostic.Kind,
        _ severity: ConfigurationDiagnostic.Severity = .error,
        line: Int?,
        column: Int?,
        _ message: String,
        found: String? = nil,
        accepted: String? = nil
    ) {
        add(
            ConfigurationDiagnostic(
                severity: severity,
                kind: kind,
                file: file,
                line: line,
                column: column,
                path: "",
                message: message,
                found: found,
                accepted: accepted
            )
        )
    }

    mutating func report(
        _ kind: ConfigurationDiagnostic.Kind,
        _ severity: ConfigurationDiagnostic.Severity = .error,
        at place: Place,
        _ message: String,
        found: String? = nil,
        accepted: String? = nil,
        suggestion: String? = nil
    ) {
        if severity == .error, omitted == 0 {
            faultyPaths.insert(place.path)
            faultyParents.insert(parent(of: place.path))
        }
        add(
            ConfigurationDiagnostic(
                severity: severity,
                kind: kind,
                file: file,
                line: place.mark?.line,
                column: place.mark?.column,
                path: place.path,
                message: message,
                found: found,
                accepted: accepted,
                suggestion: suggestion
            )
        )
    }

    private mutating func add(_ entry: ConfigurationDiagnostic) {
        if entry.severity == .error { hasErrors = true }
        guard entries.count < Self.capacity else {
            omitted += 1
            return
        }
        guard said.insert("\(entry.path)\n\(entry.line ?? 0):\(entry.column ?? 0) \(entry.message)").inserted else {
            return
        }
        entries.append(entry)
    }
}

extension DiagnosticLog {
    /// Whether this value has an error already, so that a further one may be its echo.
    func hasFault(at path: String) -> Bool {
        var current = path
        while !faultyPaths.contains(current) {
            guard !current.isEmpty else { return false }
            current = parent(of: current)
        }
        return true
    }

    /// Whether some field of this message has an error, so that "is missing" may be its echo.
    func hasFaultyField(in path: String) -> Bool {
        faultyParents.contains(path) || hasFault(at: path)
    }

    /// Whether some cluster's name could not be read, so that "unknown cluster" may be its echo.
    var doubtsClusterNames: Bool {
        let clusters = "static_resources.clusters"
        return faultyPaths.contains { path in
            if clusters.hasPrefix(path) || parent(of: path) == "static_resources" { return true }
            return path.hasPrefix(clusters) && path.dropFirst(clusters.utf8.count).count { $0 == "." } <= 1
        }
    }

    private func parent(of path: String) -> String {
        guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return "" }
        return String(path[..<cut])
    }
}
