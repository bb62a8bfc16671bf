// SPDX-License-Identifier: Apache-2.0

public import SFTPProtocol
public import Wire

/// The sessions that a client has had and that may still run on the server, for `SessionExtension`.
public struct SessionHistory: Sendable {
    private var running: [SessionAddress] = []
    /// A session that may run nobody knows where, which no server can have ended.
    private var unknown: SessionAddress?
    /// The names of those that run beside others.
    private var further: Set<Bytes> = []

    /// No session yet.
    public init() {}

    /// What to tell the server of a new session.
    ///
    /// - Parameter name: `SessionExtension.nameBytes` random bytes.
    public func next(name: Bytes) -> SessionRequest {
        SessionRequest(name: name, older: (unknown.map { [$0] } ?? []) + running)
    }

    /// Takes note that a session is to run beside others.
    public mutating func addFurther(_ name: Bytes) { further.insert(name) }

    /// Takes note that those beside others have been closed, and nothing was under way on them: they need
    /// not be named any more.
    public mutating func forgetFurther() {
        running.removeAll { further.contains($0.name) }
        further = []
    }

    /// Takes note of what the server has said of a session that has begun; nil where it has not named the
    /// place.
    ///
    /// Those before it have ended only where it has named them: one beside others names none.
    public mutating func note(_ answer: SessionAnswer?, to request: SessionRequest) {
        if answer?.olderHaveEnded ?? false { running.removeAll(where: request.older.contains) }
        if let answer {
            running.append(SessionAddress(place: answer.place, name: request.name))
        } else {
            unknown = SessionAddress(place: [], name: request.name)
        }
        if running.count >= SessionExtension.olderSessions {
            unknown = SessionAddress(place: [], name: running.removeFirst().name)
        }
    }
}
