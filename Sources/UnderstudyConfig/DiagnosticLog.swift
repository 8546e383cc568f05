// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Collects what is said about a configuration, and keeps one mistake from being reported twice in two guises.

/// The diagnostics of one configuration.
struct DiagnosticLog {
    let file: String
    private(set) var entries: [ConfigurationDiagnostic] = []
    /// How many warnings there were beyond those that are kept.
    private(set) var warningsLeftOut = 0
    private var errorCount = 0
    private var warningCount = 0
    private var said: Set<String> = []
    private var faultyPaths: Set<String> = []
    private var faultyParents: Set<String> = []

    /// Most errors, and most warnings.
    ///
    /// Nobody mends more at a time, and no file can make the log grow without end.
    static let capacity = 100

    var hasErrors: Bool { errorCount > 0 }

    /// Whether there are as many errors as anybody will read.
    ///
    /// Warnings never keep a file from being read to its end.
    var isFull: Bool { errorCount == Self.capacity }

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
        envoy: String? = nil,
        suggestion: String? = nil
    ) {
        if severity == .error { noteFault(at: place.path) }
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
                envoy: envoy,
                suggestion: suggestion
            )
        )
    }

    /// Remembers that a value is left out for an error that has been reported, there or inside it.
    mutating func noteFault(at path: String) {
        guard !isFull else { return }
        faultyPaths.insert(path)
        faultyParents.insert(parent(of: path))
    }

    private mutating func add(_ entry: ConfigurationDiagnostic) {
        guard !isFull else { return }
        if entry.severity == .warning, warningCount == Self.capacity {
            warningsLeftOut += 1
            return
        }
        guard said.insert("\(entry.path)\n\(entry.line ?? 0):\(entry.column ?? 0) \(entry.message)").inserted else {
            return
        }
        entries.append(entry)
        if entry.severity == .error { errorCount += 1 } else { warningCount += 1 }
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

    private func parent(of path: String) -> String {
        guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return "" }
        return String(path[..<cut])
    }
}
