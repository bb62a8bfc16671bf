// SPDX-License-Identifier: Apache-2.0

import FuseBridge
import JSON
import RemoteFS
import SFTPClient
import SFTPProtocol
import SSHClient
import SSHCrypto
import SSHProtocol
import Wire

/// How a mount is, as `hawser status` tells it.
struct MountReport {
    /// Where its connection stands.
    enum Link {
        /// In use.
        case connected
        /// Lost for this reason, and being made anew.
        case reconnecting(reason: String)
        /// Not made yet, or lost for good or until somebody does something about this reason.
        case absent(reason: String?)
    }

    /// What is mounted, as its user has called it.
    let source: String
    let mountPoint: String
    let process: Int32
    let link: Link
    /// For how long the link has stood so.
    let age: Duration
    let facts: ConnectionFacts?
    /// How many connections to the server there are, where the link is in use.
    let connections: Int
    let traffic: Traffic?
    let usage: FileSystemUsage?
    let operations: OperationStatistics
    let now: Duration
}

// MARK: For programs

extension MountReport {
    /// The report for programs; hawser(1) says what the members are.
    var json: JSON {
        [
            "source": .string(source), "mountpoint": .string(mountPoint), "pid": JSON(process),
            "state": .string(link.state.rawValue), "seconds": .number(age.seconds),
            "reason": JSON(link.reason),
            "server": facts?.json ?? .null, "connections": JSON(connections),
            "traffic": traffic?.json(now: now) ?? .null,
            "usage": usage?.json ?? .null,
            "pending_requests": JSON(operations.pendingCount),
            "errors": .object(
                operations.sortedErrors.map { .init($0.name, JSON($0.count)) }),
            "operations": .object(
                operations.used.map { .init($0.operation.name, $0.record.json) }),
        ]
    }
}

extension MountReport.Link {
    /// What it is called where it is one of several.
    var state: MountSummary.State {
        switch self {
        case .connected: .connected
        case .reconnecting: .reconnecting
        case .absent: .notConnected
        }
    }

    /// Why it is not connected.
    var reason: String? {
        switch self {
        case .connected: nil
        case .reconnecting(let reason): reason
        case .absent(let reason): reason
        }
    }
}

extension ConnectionFacts {
    fileprivate var json: JSON {
        [
            "host": .string(endpoint.host), "port": JSON(endpoint.port),
            "software": JSON(serverIdentification),
            "key_exchange": JSON(algorithms?.keyExchange.rawValue),
            "host_key": JSON(algorithms?.hostKey.rawValue),
            "cipher": JSON(algorithms?.serverToClient.cipher.rawValue),
            "mac": JSON(algorithms?.serverToClient.mac?.rawValue),
            "compression": JSON(algorithms?.serverToClient.compression.rawValue),
        ]
    }
}

extension Traffic {
    fileprivate func json(now: Duration) -> JSON {
        [
            "round_trip_seconds": roundTrip.map { .number($0.seconds) } ?? .null,
            "requests": JSON(requestCount),
            "received_bytes": JSON(received.total), "sent_bytes": JSON(sent.total),
            "received_bytes_per_second": .number(received.rate(now: now)),
            "sent_bytes_per_second": .number(sent.rate(now: now)),
        ]
    }
}

extension FileSystemUsage {
    fileprivate var json: JSON {
        [
            "open_files": JSON(openFiles), "open_directories": JSON(openDirectories),
            "nodes": JSON(nodes), "listed_names": JSON(listedNames),
            "unwritten_files": JSON(unwritten.files), "unwritten_bytes": JSON(unwritten.bytes),
        ]
    }
}

extension OperationStatistics.Record {
    fileprivate var json: JSON {
        func seconds(_ share: Double) -> JSON {
            latencies.quantile(share).map { .number($0.seconds) } ?? .null
        }
        return [
            "count": JSON(latencies.count), "without_server": JSON(immediateCount),
            "p50_seconds": seconds(0.5), "p99_seconds": seconds(0.99),
        ]
    }
}

// MARK: For people

extension MountReport {
    /// The report for people.
    var text: String {
        var lines = ["\(TerminalText.line(source)) on \(TerminalText.line(mountPoint))"]
        lines.append("  \(link.text) for \(age.inWords); process \(process)")
        if let facts { lines += facts.lines.map { "  \($0)" } }
        if connections > 1 { lines.append("  \(connections) connections") }
        if let traffic { lines.append("  \(traffic.text(now: now))") }
        if let usage { lines.append("  \(usage.text)") }
        let errors = operations.sortedErrors.filter { !$0.isOrdinary }
        if !errors.isEmpty {
            let list = errors.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
            lines.append("  errors told to programs: \(list)")
        }
        return (lines + table).joined(separator: "\n")
    }

    private var table: [String] {
        let used = operations.used
        guard !used.isEmpty else { return [] }
        var rows = [["operation", "count", "no server", "median", "p99"]]
        for (operation, record) in used {
            let latencies = record.latencies
            let share = Double(record.immediateCount) / Double(max(latencies.count, 1))
            rows.append([
                operation.name, "\(latencies.count)", "\(Int((share * 100).rounded())) %",
                latencies.quantile(0.5)?.inWords ?? "", latencies.quantile(0.99)?.inWords ?? "",
            ])
        }
        return rows.map { row in
            "  " + row[0].padded(to: 16)
                + row.dropFirst().map { $0.padded(to: 10, right: true) }.joined()
        }
    }
}

extension MountReport.Link {
    fileprivate var text: String {
        switch self {
        case .connected: "connected"
        case .reconnecting(let reason): "reconnecting (\(TerminalText.line(reason)))"
        case .absent(let reason):
            "not connected" + (reason.map { " (\(TerminalText.line($0)))" } ?? "")
        }
    }
}

extension ConnectionFacts {
    fileprivate var lines: [String] {
        let software = serverIdentification.map { ", \(TerminalText.line($0))" } ?? ""
        guard let algorithms else { return ["\(endpoint)\(software)"] }
        let direction = algorithms.serverToClient
        let names = [
            algorithms.keyExchange.rawValue, algorithms.hostKey.rawValue,
            direction.cipher.rawValue, direction.mac?.rawValue,
            direction.compression == .none ? nil : direction.compression.rawValue,
        ]
        return [
            "\(endpoint)\(software)", names.compactMap(\.self).joined(separator: ", "),
        ]
    }
}

extension Traffic {
    fileprivate func text(now: Duration) -> String {
        let inward = UInt64(received.rate(now: now))
        let outward = UInt64(sent.rate(now: now))
        let trip = roundTrip.map { "round trip \($0.inWords); " } ?? ""
        return trip + "received \(received.total.inBytes) (now \(inward.inBytes)/s), "
            + "sent \(sent.total.inBytes) (now \(outward.inBytes)/s)"
    }
}

extension FileSystemUsage {
    fileprivate var text: String {
        "open: \(openFiles) files, \(openDirectories) directories; "
            + "known: \(nodes) nodes, \(listedNames) listed names"
            + (unwritten.bytes > 0 ? "; not on the server yet: \(unwritten.inWords)" : "")
    }
}

// MARK: Parts

extension OperationStatistics {
    /// How often an error was the answer.
    struct ErrorCount {
        let error: Errno
        let count: UInt64

        var name: String { error.text ?? "error \(error.rawValue)" }

        /// Whether programs meet it without anything being wrong.
        var isOrdinary: Bool {
            [.ENOENT, .EEXIST, .ENOTDIR, .EISDIR, .ENOTEMPTY, .EOPNOTSUPP].contains(error)
        }
    }

    /// The errors, the most frequent first.
    var sortedErrors: [ErrorCount] {
        errors.map { ErrorCount(error: $0.key, count: $0.value) }.sorted {
            ($1.count, $0.error.rawValue) < ($0.count, $1.error.rawValue)
        }
    }

    /// What has been asked for.
    var used: [(operation: FuseOperation, record: Record)] {
        FuseOperation.allCases.map { ($0, self[$0]) }.filter { $0.1.latencies.count > 0 }
    }
}

extension String {
    /// The text with blanks behind it, or before it, up to a number of characters.
    func padded(to width: Int, right: Bool = false) -> String {
        let room = String(repeating: " ", count: max(width - count, 0))
        return right ? room + self : self + room
    }
}
