package io.msgtrans.reactive.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import java.util.List;

/** Any request to the dashboard's feed. */
class FeedMessagesFuzzTest {

    private static final List<Class<?>> QUERIES =
            List.of(FeedMessages.HistoryQuery.class, FeedMessages.SessionsQuery.class, FeedMessages.CloseQuery.class);

    @FuzzTest(maxDuration = "5s")
    void itIsReadOrRefused(byte[] data) {
        for (Class<?> query : QUERIES) {
            try {
                FeedMessages.read(Packet.oneWay(data), query);
            } catch (PeerException refused) {
                assertThat(refused.code()).isEqualTo(PeerException.BAD_PAYLOAD);
            }
        }
    }
}
