import Foundation
import Run
import Testing
import Transport
import Wire

@testable import Messaging

/// Whoever asks for the status is answered, in the form and behind the frames that it asked with.
struct StatusQuestionTests {
    private let delimiter = Frame([])
    private let text = Frame(Array("status".utf8))
    private let protobuf = Frame(WireFormat.encode(StatusQuery(watcher: 7)).header)
    private let body = Frame([1, 2, 3])

    private func answer(_ frames: [Frame]) -> [[UInt8]] { StatusQuestion(frames).answer(body).map(\.bytes) }

    private func refusal(_ frames: [Frame]) throws -> String {
        let question = StatusQuestion(frames)
        let error = #expect(throws: (any Error).self) { try question.query.get() }
        return "\(try #require(error))"
    }

    @Test func `a dealer is answered as it asked, with a delimiter or without`() {
        for query in [text, protobuf] {
            #expect(answer([query]) == [[1, 2, 3]])
            #expect(answer([delimiter, query]) == [[], [1, 2, 3]])
            #expect(answer([Frame([9]), delimiter, query]) == [[9], [], [1, 2, 3]])
        }
    }

    @Test func `a word, white space and nothing ask in text`() throws {
        for word in ["status", " status\n", "", " "] {
            for envelope in [[], [delimiter]] {
                let question = StatusQuestion(envelope + [Frame(Array(word.utf8))])
                #expect(question.form == .text)
                #expect(try question.query.get() == StatusQuery())
            }
        }
    }

    @Test(arguments: [UInt32(0), 1, protocolVersion, .max], [UInt64(0), 1, .max])
    func `every query in protobuf is known as one`(version: UInt32, watcher: UInt64) throws {
        let query = StatusQuery(protocolVersion: version, watcher: watcher)
        let question = StatusQuestion([Frame(WireFormat.encode(query).header)])
        #expect(question.form == .protobuf)
        #expect(try question.query.get() == query)
    }

    @Test func `what is no query says what was expected, and what was found`() throws {
        #expect(try refusal([Frame(Array("stauts".utf8))]).hasSuffix(#"found "stauts""#))
        #expect(try refusal([text, text]).hasSuffix("found 2 frames"))
        #expect(try refusal([delimiter, text, text]).hasSuffix("found 2 frames"))
        #expect(try refusal([Frame([0xFF, 0xFE])]).contains("malformed status query"))
        #expect(try refusal([]).contains("malformed status query"))
        let long = Frame([UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16))
        #expect(try refusal([long]).utf8.count < 200)
    }

    @Test func `a refusal comes in the form of the query`() throws {
        let inText = StatusQuestion([delimiter, Frame(Array("help".utf8))]).refusal("why")
        #expect(inText.map { String(decoding: $0.bytes, as: UTF8.self) } == ["", #"{"refusal":"why","schema":1}"#])
        let inProtobuf = StatusQuestion([Frame([0xFF])]).refusal("why")
        #expect(try WireFormat.decodeStatusReply(inProtobuf) == .refusal(reason: "why"))
    }

    @Test func `a status in JSON has the schema's names`() throws {
        let status = RunStatus(
            run: "r", phase: .running, elapsedSeconds: 1.5,
            stages: [StageStatus(stage: .train, unitsDone: 1, unitsTotal: 2, seconds: 1, rate: nil, etaSeconds: nil)],
            loss: .infinity, workers: [],
            faults: [Fault(atSeconds: 1, worker: nil, what: "a/b \"c\"")], faultCount: 1)
        let json = StatusDocument(.status(status)).json
        let stage =
            #"{"counted":"units","done":1,"seconds":1,"stage":"train","total":2,"under_way":0,"units_done":1,"#
            + #""units_total":2}"#
        #expect(
            json == #"{"alarms":[],"elapsed_seconds":1.5,"fault_count":1,"faults":[{"at_seconds":1,"#
                + #""what":"a/b \"c\""}],"loss":"inf","phase":"running","run":"r","schema":1,"scores":[],"stages":[\#(stage)],"#
                + #""workers":[]}"#)
    }
}
