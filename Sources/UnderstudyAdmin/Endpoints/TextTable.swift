// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Aligned columns that fit a terminal.

/// Names at the left, values behind them, and notes below a row.
///
/// Names that would make the table wider than 100 columns stand whole on a line of their own above their values.
struct TextTable {
    struct Column {
        let head: String
        let isRight: Bool

        static func left(_ head: String) -> Column { Column(head: head, isRight: false) }
        static func right(_ head: String) -> Column { Column(head: head, isRight: true) }
    }

    /// A head over several columns.
    struct Group {
        let columns: ClosedRange<Int>
        let head: String
    }

    private struct Row {
        let cells: [String]
        let notes: [String]
    }

    static let width = 100
    /// No name column is made narrower.
    private static let leastName = 8

    private let columns: [Column]
    private let names: Int
    private let groups: [Group]
    private var rows: [Row] = []

    /// - Parameter names: How many of the columns, from the left, have names that may be long.
    init(_ columns: [Column], names: Int, groups: [Group] = []) {
        self.columns = columns
        self.names = names
        self.groups = groups
    }

    mutating func add(_ cells: [String], notes: [String] = []) {
        rows.append(Row(cells: cells, notes: notes))
    }

    var text: String {
        let widths = self.widths
        var lines = groups.isEmpty ? [] : [groupLine(widths)]
        lines.append(line(columns.map(\.head), widths))
        for row in rows {
            var cells = row.cells
            if zip(cells, widths).prefix(names).contains(where: { $0.count > $1 }) {
                lines.append(cells.prefix(names).joined(separator: "  "))
                for index in 0..<names { cells[index] = "" }
            }
            lines.append(line(cells, widths))
            lines += Self.wrapped(row.notes)
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// Those of names share what the values leave.
    private var widths: [Int] {
        var widths = columns.indices.map { column in
            rows.reduce(columns[column].head.count) { max($0, $1.cells[column].count) }
        }
        for group in groups {
            let inner = widths[group.columns].reduce(2 * (group.columns.count - 1), +)
            widths[group.columns.lowerBound] += max(0, group.head.count - inner)
        }
        let values = widths.dropFirst(names).reduce(0, +) + 2 * (columns.count - 1)
        var rest = Self.width - values
        let narrowest = (0..<names).sorted { widths[$0] < widths[$1] }
        for (place, column) in narrowest.enumerated() {
            widths[column] = min(widths[column], max(Self.leastName, rest / (names - place)))
            rest -= widths[column]
        }
        return widths
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = cells.indices.map { index in
            let space = String(repeating: " ", count: max(0, widths[index] - cells[index].count))
            return columns[index].isRight ? space + cells[index] : cells[index] + space
        }
        return Self.trimmed(padded.joined(separator: "  "))
    }

    private func groupLine(_ widths: [Int]) -> String {
        groups.reduce(into: "") { line, group in
            let end = widths[...group.columns.upperBound].reduce(0) { $0 + $1 + 2 } - 2
            line += String(repeating: " ", count: max(1, end - line.count - group.head.count)) + group.head
        }
    }

    private static func wrapped(_ notes: [String]) -> [String] {
        var lines: [String] = []
        for (index, note) in notes.enumerated() {
            let note = index == notes.count - 1 ? note : note + ","
            if let last = lines.last, last.count + 1 + note.count <= width {
                lines[lines.count - 1] += " " + note
            } else {
                lines.append("    " + note)
            }
        }
        return lines
    }

    private static func trimmed(_ line: String) -> String {
        var line = line[...]
        while line.last == " " { line.removeLast() }
        return String(line)
    }
}
