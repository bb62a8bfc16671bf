// SPDX-License-Identifier: Apache-2.0

/// An actor of a loop whose callers are on the loop already: callbacks, and the loop's other actors.
///
/// Such calls are made several times for each request and reply. The runtime answers whether they may be
/// made by a search for an executor, most of which is about the main one; here it is one comparison.
public protocol LoopActor: Actor {
    /// Whether the caller is on the loop's thread.
    nonisolated var isOnLoop: Bool { get }
}

extension LoopActor {
    /// Runs `body` on the actor in this very step, in place of the standard library's function of this
    /// name; off the loop's thread that is a mistake of ours and traps.
    ///
    /// - Throws: what `body` throws.
    @inlinable
    public nonisolated func assumeIsolated<T, E: Error>(
        _ body: (isolated Self) throws(E) -> T
    ) throws(E) -> T {
        precondition(isOnLoop, "called off the loop's thread")
        // Isolation is not part of a function's layout. It is `call` that loses it, and not the closure,
        // which would have to be copied to the heap for that.
        let isolated = IsolatedCall<Self, T, E>(run: call(on:_:))
        return try unsafe unsafeBitCast(isolated, to: PlainCall<Self, T, E>.self).run(self, body)
    }
}

/// A function that calls another one on an actor.
@usableFromInline
struct IsolatedCall<A: Actor, T, E: Error> {
    @usableFromInline
    let run: (isolated A, (isolated A) throws(E) -> T) throws(E) -> T

    @inlinable
    init(run: @escaping (isolated A, (isolated A) throws(E) -> T) throws(E) -> T) {
        self.run = run
    }
}

/// As ``IsolatedCall``, for callers that are on the actor though the compiler does not know it.
@usableFromInline
struct PlainCall<A: Actor, T, E: Error> {
    @usableFromInline
    let run: (A, (isolated A) throws(E) -> T) throws(E) -> T
}

/// Calls a function that wants an actor, on that actor.
@inlinable
func call<A: Actor, T, E: Error>(
    on actor: isolated A, _ body: (isolated A) throws(E) -> T
) throws(E) -> T {
    try body(actor)
}
