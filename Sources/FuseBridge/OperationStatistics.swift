// SPDX-License-Identifier: Apache-2.0

public import SFTPProtocol

/// What has become of the kernel's requests since the mount was made.
public struct OperationStatistics: Sendable {
    /// What has become of the requests for one operation.
    public struct Record: Sendable {
        /// How long they took.
        public fileprivate(set) var latencies = LatencyHistogram()
        /// How many were answered at once, from what was known, without a question to the server.
        public fileprivate(set) var immediateCount: UInt64 = 0
    }

    private var records = [Record](repeating: Record(), count: FuseOperation.allCases.count)
    /// How often each error was the answer.
    public private(set) var errors: [Errno: UInt64] = [:]
    /// How many requests are being worked on.
    public private(set) var pendingCount = 0

    /// Nothing asked for yet.
    public init() {}

    /// What has become of the requests for an operation.
    public subscript(operation: FuseOperation) -> Record { records[operation.rawValue] }

    mutating func noteStart() { pendingCount += 1 }

    /// Takes note of an answer.
    mutating func noteEnd(of operation: FuseOperation, after latency: Duration, immediate: Bool) {
        pendingCount -= 1
        records[operation.rawValue].latencies.add(latency)
        if immediate { records[operation.rawValue].immediateCount += 1 }
    }

    mutating func note(_ error: Errno) { errors[error, default: 0] += 1 }
}
