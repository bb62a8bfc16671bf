// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol

/// A request whose reply may still be on its way.
///
/// Ask for its ``value`` when it is needed; until then other requests can go out behind it. One that
/// nobody asks for costs nothing but the request.
///
/// Its state belongs to the client: every access takes the client's isolation.
public final class PendingReply<Value: Sendable>: @unchecked Sendable {
    typealias Answer = Result<Value, SFTPError>

    let payloadBytes: Int
    private let client: SFTPClient
    private let decode: ReplyDecoding.Decoder<Value>
    private var state = ReplyState.unanswered
    /// Set once the state is ``ReplyState/answered``.
    private var answer: Answer?
    /// Takes the answer where the state is ``ReplyState/expected``.
    private var receiver: (@Sendable (Answer) -> Void)?

    init(client: SFTPClient, payloadBytes: Int, decode: @escaping ReplyDecoding.Decoder<Value>) {
        self.client = client
        self.payloadBytes = payloadBytes
        self.decode = decode
    }

    /// What the server answered, once it has.
    ///
    /// To be awaited by one task only. Cancelling that task ends the wait at once.
    ///
    /// - Throws: the server's status, ``SFTPError/cancelled``, or why the connection is lost.
    public var value: Value {
        get async throws(SFTPError) { try await client.value(of: self) }
    }

    /// Whether ``value`` is there, or why it will never be; on the loop.
    public var isAnswered: Bool {
        client.assumeIsolated { _ in state.isAnswered }
    }

    /// What was answered; nil while nothing was.
    func answer(in client: isolated SFTPClient) -> Answer? {
        state.isAnswered ? answer : nil
    }

    /// Resumes the continuation once there is an answer, or nobody is to ask for one any more.
    func wait(_ continuation: CheckedContinuation<Void, Never>, in client: isolated SFTPClient) {
        switch state {
        case .unanswered: state = .awaited(continuation)
        case .answered, .abandoned: continuation.resume()
        case .awaited, .expected: preconditionFailure("a reply is awaited once")
        }
    }

    /// Has the answer handed over in the very step in which it comes.
    func whenAnswered(
        in client: isolated SFTPClient, _ body: @escaping @Sendable (Answer) -> Void
    ) {
        guard case .unanswered = state else { preconditionFailure("asked for too late") }
        state = .expected
        receiver = body
    }

    private func settle(_ answer: Answer) {
        switch state {
        case .unanswered:
            self.answer = answer
            state = .answered
        case .awaited(let continuation):
            self.answer = answer
            state = .answered
            continuation.resume()
        case .expected:
            state = .abandoned
            receiver.take()?(answer)
        case .abandoned:
            break
        case .answered:
            preconditionFailure("a request is answered once")
        }
    }
}

/// How far a request is.
///
/// Apart from the answer, whose type is the request's: a state that held it would be of a type that has
/// to be looked up wherever it is touched.
private enum ReplyState {
    case unanswered
    /// Unanswered, and a task waits for it.
    case awaited(CheckedContinuation<Void, Never>)
    case answered
    /// Unanswered, and somebody is handed the answer when it comes.
    case expected
    /// Nobody will ask any more; the reply is still to come.
    case abandoned

    var isAnswered: Bool { if case .answered = self { true } else { false } }
    var isAbandoned: Bool { if case .abandoned = self { true } else { false } }
}

/// What the client needs of a request while it waits for the reply, whatever that is.
protocol PendingRequest: AnyObject, Sendable {
    /// How many bytes of payload the request carries or asks for.
    var payloadBytes: Int { get }

    /// Whether nobody will ask for the reply.
    func isAbandoned(in client: isolated SFTPClient) -> Bool

    /// Takes the reply.
    ///
    /// - Throws: ``SFTPError/protocolViolation(reason:)`` if it cannot be a reply to this request.
    func receive(_ reply: SFTPReply, in client: isolated SFTPClient) throws(SFTPError)

    /// Answers the request with an error.
    func fail(_ error: SFTPError, in client: isolated SFTPClient)

    /// Drops the reply when it comes, and ends the wait for it now.
    func abandon(in client: isolated SFTPClient)
}

extension PendingReply: PendingRequest {
    func isAbandoned(in client: isolated SFTPClient) -> Bool {
        state.isAbandoned
    }

    func receive(_ reply: SFTPReply, in client: isolated SFTPClient) throws(SFTPError) {
        do {
            settle(.success(try decode(reply, payloadBytes)))
        } catch {
            settle(.failure(error))
            if error.endsConnection { throw error }
        }
    }

    func fail(_ error: SFTPError, in client: isolated SFTPClient) {
        settle(.failure(error))
    }

    func abandon(in client: isolated SFTPClient) {
        switch state {
        case .unanswered, .expected:
            state = .abandoned
            receiver = nil
        case .awaited(let continuation):
            state = .abandoned
            continuation.resume()
        case .answered, .abandoned:
            break
        }
    }
}
