/* test_losses.c - the losses of what trainers print, each form with the values that stand in it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/losses.h"

#include <math.h>

/* "name@step=text" of each loss that is not a repetition, with blanks between them. */
static void show(const losses *l, char *out, size_t size)
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < l->n && n < size; i++) {
        char step[LOSS_STEP_TEXT];
        if (l->v[i].repeat)
            continue;
        loss_step_text(&l->v[i].step, step);
        n += (size_t)snprintf(out + n, size - n, "%s%s%s%s=%s", n > 0 ? " " : "",
                              l->series[l->v[i].series].name, step[0] != '\0' ? "@" : "", step,
                              l->v[i].text);
    }
}

/* ---- what is found of which program ---- */

static const struct form {
    const char *program, *text, *losses;
} forms[] = {
    {"print(loss)", "tensor(2.3573, grad_fn=<NllLossBackward0>)\n", "tensor=2.3573"},
    {"print('loss:', loss)", "loss: tensor(2.3573, grad_fn=<NllLossBackward0>)\n", "loss=2.3573"},
    {"f'{loss=}'", "loss=tensor(2.3573, device='cuda:0')\n", "loss=2.3573"},
    {"item()", "loss: 2.357312917709351\n", "loss=2.357312917709351"},
    {"hex()", "loss 0x1.2dbf4p+1\n", "loss=0x1.2dbf4p+1"},
    {"f'{loss=}' of NumPy", "loss=np.float32(2.3573)\n", "loss=2.3573"},
    {"JAX", "loss Array(2.36, dtype=float32)\n", "loss=2.36"},
    {"TensorFlow", "loss: <tf.Tensor: shape=(), dtype=float32, numpy=2.36>\n", "loss=2.36"},
    {"MindSpore's tensor", "loss: Tensor(shape=[], dtype=Float32, value= 2.36)\n", "loss=2.36"},
    {"MindSpore LossMonitor", "epoch: 1 step: 10, loss is 2.302585\n", "loss@1:10=2.302585"},
    {"MindSpore TimeMonitor", "Train epoch time: 1234.567 ms, per step time: 12.345 ms\n", ""},
    {"PyTorch's ImageNet example",
     "Epoch: [0][  3/391]\tTime  0.123 ( 0.200)\tLoss 2.3026e+00 (2.3100e+00)\tAcc@1 10.0 (12.5)\n",
     "Loss@0:3=2.3026e+00 Loss (mean)@0:3=2.3100e+00"},
    {"PyTorch's tutorial", "[1,  2000] loss: 2.219\n", "loss@1:2000=2.219"},
    {"tqdm set_postfix",
     "\r 0%|   | 0/10 [00:00<?, ?it/s, loss=2.3]\r10%|#  | 1/10 [00:00<00:01, 8.1it/s, loss=2.3]"
     "\r10%|#  | 1/10 [00:00<00:01, 8.1it/s, loss=2.2]\n",
     "loss@0=2.3 loss@1=2.2"},
    {"tqdm set_description", "loss 2.31:  10%|#   | 1/10 [00:00<00:01,  8.1it/s]\n", "loss@1=2.31"},
    {"Lightning's bar",
     "Epoch 1: 100%|##| 8/8 [00:00<00:00, 93.9it/s, v_num=0, train_loss=2.210]\n",
     "train_loss@1:8=2.210"},
    {"a bar without commas", "Epoch 1/2 ## 8/8 0:00:01 93.9it/s train_loss: 2.210\n",
     "train_loss@1:8=2.210"},
    {"units before a name",
     "12 samples/sec train_loss: 2.1\n3ms train_loss: 2.05\n[00:00<?, ?it/s train_loss=2.0]\n",
     "train_loss=2.1 train_loss=2.05 train_loss=2.0"},
    {"Lightning's test table", "│        test_loss          │    2.3025850    │\n",
     "test_loss=2.3025850"},
    {"Lightning's metrics.csv", "epoch,step,train_loss,val_loss\n0,9,2.3,\n0,9,,2.5\n",
     "train_loss@0:9=2.3 val_loss@0:9=2.5"},
    {"HF Trainer", "{'loss': 2.3026, 'grad_norm': 3.1, 'learning_rate': 5e-05, 'epoch': 0.1}\n",
     "loss@0.1=2.3026"},
    {"HF Trainer, texts", "{'loss': '2.306', 'grad_norm': '3.1', 'epoch': '0.2'}\n",
     "loss@0.2=2.306"},
    {"HF Trainer's end", "{'train_runtime': 12.3, 'train_loss': 2.25, 'epoch': 1.0}\n",
     "train_loss@1=2.25"},
    {"Keras 2",
     "Epoch 1/2\n1/2 [==>...] - ETA: 0s - loss: 2.30\b\b\b\b\b2/2 [====] - 0s 3ms/step - "
     "loss: 2.20 - val_loss: 2.1\n",
     "loss@1:1=2.30 loss@1:2=2.20 val_loss@1:2=2.1"},
    {"Keras 3",
     "\033[1m1/2\033[0m \033[32m━━\033[0m \033[1m4s\033[0m 500ms/step - loss: 2.30\b\b\b\b\r"
     "\033[1m2/2\033[0m ━ 0s 30ms/step - accuracy: 0.1250 - loss: 2.2000\n",
     "loss@1=2.30 loss@2=2.2000"},
    {"sklearn's MLP", "Iteration 1, loss = 2.30258509\n", "loss@1=2.30258509"},
    {"sklearn's SGD",
     "-- Epoch 1\nNorm: 1.20, NNZs: 3, T: 320, Avg. loss: 2.30\n"
     "Total training time: 0.01 seconds.\n",
     "Avg. loss@1=2.30"},
    {"sklearn's gradient boosting",
     "      Iter       Train Loss      OOB Improve   Remaining Time \n"
     "         1           1.2345           0.0123            0.51s\n",
     "Train Loss@1=1.2345"},
    {"XGBoost", "[0]\ttrain-mlogloss:1.70046\teval-mlogloss:1.80\n",
     "train-mlogloss@0=1.70046 eval-mlogloss@0=1.80"},
    {"XGBoost, regression", "[0]\ttrain-rmse:1.70046\n", "train-rmse@0=1.70046"},
    {"LightGBM", "[1]\ttrain's multi_logloss: 2.05731\tvalid_0's multi_logloss: 2.1\n",
     "train's multi_logloss@1=2.05731 valid_0's multi_logloss@1=2.1"},
    {"CatBoost", "0:\tlearn: 2.1712\ttest: 2.18\tbest: 2.18 (0)\ttotal: 55.1ms\tremaining: 496ms\n",
     "learn@0=2.1712 test@0=2.18 best@0=2.18 best (at)@0=0"},
    {"llm.c", "val loss 5.325531\nstep 0: train loss 5.356189 (took 5013.4 ms)\n",
     "val loss=5.325531 train loss@0=5.356189"},
    {"llm.c on a GPU", "step    1/41 | loss 5.270007 (+nanz)| norm 15.9 | lr 7.1e-07 | 2000.1 ms\n",
     "loss@1=5.270007"},
    {"no head of a table", "loss nan\ntrain loss inf\nval loss, nan\n", "loss=nan train loss=inf"},
    {"darknet", "1, 0.000: 23.168367, 23.268367 avg, 0.100000 rate, 1.234567 seconds, 64 images\n",
     "loss@1=23.168367 avg loss@1=23.268367"},
    {"fasttext",
     "\rProgress: 100.0% words/sec/thread: 123 lr: 0.0 avg.loss: 1.902585 ETA: 0h 0m 0s\n",
     "avg.loss@100=1.902585"},
    {"logging", "2026-11-29 17:59:01,123 INFO root step 3 loss: 2.5\n", "loss@3=2.5"},
    {"GAN", "[0/5][3/391]\tLoss_D: 2.0\tLoss_G: 3.0\tD(x): 0.5\n", "Loss_D@0:3=2.0 Loss_G@0:3=3.0"},
    {"a table of bars", "| step | loss |\n|---|---|\n| 1 | 2.3 |\n| 2 | 2.2 |\n",
     "loss@1=2.3 loss@2=2.2"},
    {"a table of blanks", "step  loss\n1  2.3\n2  2.2\n", "loss@1=2.3 loss@2=2.2"},
    {"a table of tabs", "step\tval loss\n1\t2.3\n", "val loss@1=2.3"},
    {"names and values in bars", "| loss | 2.3 |\n", "loss=2.3"},
    {"nested JSON", "{\"config\": {\"loss\": 1}}\n{\"step\": 1, \"loss\": 2.5}\n",
     "config.loss=1 loss@1=2.5"},
    {"JSON of two", "{\"train_loss\": 2.3, \"loss\": 2.0}\n", "train_loss=2.3 loss=2.0"},
    {"two of a line", "train loss 2.3 val loss 2.4\n", "train loss=2.3 val loss=2.4"},
    {"an arrow", "loss -> 2.3\n", "loss=2.3"},
    {"a colour", "loss: \033[32m2.3\033[0m\n", "loss=2.3"},
    {"a colour inside", "loss: 2.\033[1m77\n", "loss=2.77"},
    {"a number without a name", "step 1 loss: 2.5, 9.25\nstep 2 loss 2.25   0x1.2p+1  acc 1\n",
     "loss@1=2.5 loss #2@1=9.25 loss@2=2.25 loss #2@2=0x1.2p+1"},
    {"behind a call, a blank", "loss: tensor(2.5); 9.5\nloss: 2 301,5\n",
     "loss=2.5 loss #2=9.5 loss=2 loss #2=301,5"},
    {"a list over two lines", "losses: [2.3 2.2\n 2.1 2.0]\n 1.9\n",
     "losses=2.3 losses=2.2 losses=2.1 losses=2.0"},
    {"a mean and its spread", "[0]\ttrain-logloss:0.50330+0.00415\n",
     "train-logloss@0=0.50330 train-logloss (spread)@0=0.00415"},
    {"LightGBM's cv", "[1]\tcv_agg's valid binary_logloss: 0.63 + 0.011\n",
     "cv_agg's valid binary_logloss@1=0.63 cv_agg's valid binary_logloss (spread)@1=0.011"},
    {"a spread with a sign", "loss: 2.5 +/- 0.25\nval_loss: 2.5 \302\261 0.5\n",
     "loss=2.5 loss (spread)=0.25 val_loss=2.5 val_loss (spread)=0.5"},
    {"R's index", "loss:\n[1] 2.5\nloss:\n[1] 2.25\n", "loss=2.5 loss=2.25"},
    {"polars",
     "\342\224\202 epoch \342\224\206 loss \342\224\202\n\342\224\202 1     \342\224\206 2.5 "
     " \342\224\202\n",
     "loss@1=2.5"},
    {"threads", "[Thread-0] step 1 loss 2.5\nworker-1: step 1 loss 1.5\n",
     "[thread 0] loss@1=2.5 [worker 1] loss@1=1.5"},
    {"a title without an end", "\033]0;title step 4 loss 2.5\nloss 1.5\n", "loss@4=2.5 loss=1.5"},
    {"a matrix over two lines",
     "losses: tensor([[2.5, 2.4],\n        [2.3, 2.2]], grad_fn=<A>)\n1.9 2\n",
     "losses=2.5 losses=2.4 losses=2.3 losses=2.2"},
    {"blocks of a matrix", "loss: [[[1. 2.]\n  [3. 4.]]\n\n [[5. 6.]]]\n",
     "loss=1. loss=2. loss=3. loss=4. loss=5. loss=6."},
    {"lists of lists in JSON", "{\"losses\": [\n [1.5, 2.5],\n [\n  3.5\n ]\n],\n\"lr\": 9}\n",
     "losses=1.5 losses=2.5 losses=3.5"},
    {"a list of pairs", "losses = [(1, 2.5),\n (2, 3.5)]\n",
     "losses=1 losses=2.5 losses=2 losses=3.5"},
    {"behind a list that ends in another line",
     "{'loss': array([2.5, 2.4,\n 2.3]), 'val_loss': array([1.5,\n 1.25])} acc 3\n",
     "loss=2.5 loss=2.4 loss=2.3 val_loss=1.5 val_loss=1.25"},
    {"a list with gaps", "losses: [2.5, None, 2.4, ..., 2.3]\n",
     "losses=2.5 losses=2.4 losses=2.3"},
    {"a list, then another number", "losses: [2.5, 2.4]\n2.3\nlosses: [2.2\n] 2.1\n",
     "losses=2.5 losses=2.4 losses=2.2"},
    {"TensorFlow's matrix",
     "loss: <tf.Tensor: shape=(2, 2), dtype=float32, numpy=\narray([[1.5, 2.5],\n       [3.5, "
     "4.5]], dtype=float32)>\n",
     "loss=1.5 loss=2.5 loss=3.5 loss=4.5"},
    {"pandas", "   epoch   loss  val_loss\n0      1  2.125     2.250\n1      2  2.000     2.125\n",
     "loss@1=2.125 val_loss@1=2.250 loss@2=2.000 val_loss@2=2.125"},
    {"pandas, wrapped",
     "   epoch   loss  \\\n0      1  2.125   \n1      2  2.000   \n\n   val_loss  \n0     2.250  \n"
     "1     2.125  \n",
     "loss@1=2.125 loss@2=2.000 val_loss=2.250 val_loss=2.125"},
    {"pandas, columns left out", "   epoch  ...   loss\n0      1  ...  2.125\n", "loss@1=2.125"},
    {"a list", "losses: [2.3, 2.2]\n", "losses=2.3 losses=2.2"},
    {"a list of NumPy's numbers", "losses: [np.float64(2.3), np.float64(2.2)]\n",
     "losses=2.3 losses=2.2"},
    {"a list of tensors", "losses: [tensor(2.3, grad_fn=<A>), tensor(2.2, grad_fn=<A>)]\n",
     "losses=2.3 losses=2.2"},
    {"NumPy's number behind a blank", "loss np.float64(2.3)\nloss np.float64(2.2)\n",
     "loss=2.3 loss=2.2"},
    {"a call behind the loss", "loss: tensor(2.3), acc: tensor(0.5)\n", "loss=2.3"},
    {"perplexity alone", "step 3 perplexity 20.5\n", "perplexity@3=20.5"},
    {"error where there is a loss", "step 3 loss 2.5 error 20.5\n", "loss@3=2.5"},
    {"error where the loss is a setting", "stop loss 0.1\nepoch 1 error 2.3\n",
     "stop loss=0.1 error@1=2.3"},
    {"a number of something", "no loss 7 found\nloss = 2.5e-3\n", "loss=2.5e-3"},
    {"a mean of a bar", "\rloss: 1.5\rloss: 1.5\rloss: 1.25\n", "loss=1.5 loss=1.25"},
    {"CR", "loss: 1\rloss: 0.2\n", "loss=1 loss=0.2"},
    {"a number rubbed out", "loss: 2.30\b\b\b\b9.40\n", "loss=2.30 loss=9.40"},
    {"a coloured one", "loss: 2.30\b\b\b\b\033[32m9.40\n", "loss=2.30 loss=9.40"},
    {"CR LF", "loss: 1.5\r\nloss: 2.5\r\n", "loss=1.5 loss=2.5"},
    {"no losses",
     "loss_scale: 1024\nloss time: 0.5s\nloss_weight=0.3\nglossary 3\n"
     "loss function: mse\n11/29 12:30:05 1.5GB 3.1it/s ETA 0:01\n",
     ""},
    {"a loss of parts", "{\"loss\": {\"cls\": 2.3, \"box\": 1.1}, \"lr\": 0.1}\n",
     "loss.cls=2.3 loss.box=1.1"},
    {"parts of Python", "losses = {'a': 1.0, 'b': tensor(2.0, grad_fn=<A>)} acc: 0.5\n",
     "losses.a=1.0 losses.b=2.0"},
    {"parts that are not losses", "loss: {'x': 1.5, 'weight': 3.0, 'step': 3}\n", "loss.x@3=1.5"},
    {"parts of several", "losses: [{'a': 1.0}, {'a': 2.0}] acc: 0.5\n",
     "losses.a=1.0 losses.a #2=2.0"},
    {"an OrderedDict", "losses: OrderedDict({'a': tensor(1.5)})\n", "losses.a=1.5"},
    {"indented JSON",
     "{\n  \"loss\": {\n    \"cls\": 2.25,\n    \"box\": 1\n  },\n  \"acc\": 0.5\n}\n{\n"
     "\"acc\": 0.5 }\n",
     "loss.cls=2.25 loss.box=1"},
    {"an early stop", "Validation loss decreased (9.4 --> 2.3).  Saving model ...\n",
     "Validation loss (from)=9.4 Validation loss (to)=2.3"},
    {"Keras' checkpoint",
     "Epoch 1: val_loss improved from inf to 2.305, saving model to x-3.keras\n"
     "Epoch 2: val_loss did not improve from 2.305\n",
     "val_loss (from)@1=inf val_loss (to)@1=2.305 val_loss (from)@2=2.305"},
    {"Lightning's stop and checkpoint",
     "Metric val_loss improved by 0.5 >= min_delta = 0.0. New best score: 2.182\n"
     "Monitored metric val_loss did not improve in the last 3 records. Best score: 2.182. Stop.\n"
     "Epoch 0, global step 10: 'val_loss' reached 2.25 (best 2.125), saving model to 'x'\n",
     "Metric val_loss (by)=0.5 Metric val_loss (best)=2.182 Monitored metric val_loss (best)=2.182 "
     "val_loss (to)@0:10=2.25 val_loss (best)@0:10=2.125"},
    {"an indented block", "loss:\n  cls: 2.5\n  box: 1.5\nacc: 3.5\n", "loss.cls=2.5 loss.box=1.5"},
    {"arguments of a tensor", "loss: tensor(2.5, device='cuda:0'), 9.5\n", "loss=2.5 loss #2=9.5"},
    {"arrows and slashes",
     "loss 2.5 -> 2.25\nloss 2.5 => -1.25 (improved)\nloss: 2.5 / 1.5\nloss: 2.5 - 1.5 - acc: 1\n",
     "loss=2.5 loss #2=2.25 loss=2.5 loss #2=-1.25 loss=2.5 loss #2=1.5 loss=2.5 loss #2=1.5"},
    {"parts that words name", "loss: 2.5 (best 2.25)\nloss 2.5 avg 2.25, min: 2.0, acc 0.5\n",
     "loss=2.5 loss (best)=2.25 loss=2.5 loss (avg)=2.25 loss (min)=2.0"},
    {"what counts something", "loss 2.5 (0.5 s)\nloss 2.5 (12 samples)\nloss: 2.5 3.5 GB\n",
     "loss=2.5 loss=2.5 loss=2.5"},
    {"prefixes of a log", "INFO:root:3/10 loss 2.5\n[rank0]: 4/10 loss 2\ntrain: 5/10 loss 1.5\n",
     "loss@3=2.5 [rank 0] loss@4=2 loss@5=1.5"},
    {"semicolons", "loss=2.3;lr=0.1\n", "loss=2.3"},
    {"a step behind a sign", "Loss @ step 3 = 2.5\nloss@step=4: 2.25\nLoss@30: 2\n",
     "Loss@3=2.5 loss@4=2.25 Loss=2"},
    {"a step in its place", "loss(3): 2.5\nloss(4): 2.25\nloss(5) = 2\n",
     "loss@3=2.5 loss@4=2.25 loss@5=2"},
    {"several by number", "loss[0]: 2.5 loss[1]: 1.5\n", "loss@0=2.5 loss #2@0=1.5"},
    {"the time of day", "loss at 10:12:13\nloss at 10:12\nloss: 2.5\n", "loss=2.5"},
    {"a record",
     "{\"name\":\"loss\",\"value\":2.5}\n{'value': '1.5', 'tag': 'val/loss', 'step': 3}\n"
     "metric=loss step=4 value=2.25\nvalue { tag: \"loss\" simple_value: 2 }\n"
     "{\"metric\": \"acc\", \"value\": 9.5}\n{\"fn\": \"loss\", \"value\": 9.5}\n",
     "loss=2.5 val/loss@3=1.5 loss@4=2.25 value.loss=2"},
    {"a table of records", "step,metric,value\n1,loss,2.5\n1,acc,9.5\n2,loss,2.25\n",
     "loss@1=2.5 loss@2=2.25"},
    {"rows that begin with a word", "split,step,loss\ntrain,1,2.5\nval,1,2.25\n",
     "loss@1=2.5 loss@1=2.25"},
    {"steps of five columns", "step|iter|epoch|batch|it|loss\n1/2|1/2|1/2|1/2|1/2|2.5\n",
     "loss@1:1:1:1=2.5"},
    {"the next line", "step 1\nloss:\n2.5\nval_loss =\n  tensor(2.25, grad_fn=<A>)\nloss:\n0.5 s\n",
     "loss=2.5 val_loss=2.25"},
    {"the next line of a block", "  loss:\n    2.5\n  acc: 9.5\n", "loss=2.5"},
    {"a block in a block", "train:\n  loss:\n    cls: 2.5\n  acc: 9.5\n", "loss.cls=2.5"},
    {"a heading", "Training loss:\n3/10 loss 2.5\n", "loss@3=2.5"},
    {"a list of a line each", "{\n  \"losses\": [\n    2.5,\n    2.25\n  ],\n  \"lr\": 9.5\n}\n",
     "losses=2.5 losses=2.25"},
    {"tags",
     "<step>3</step><loss>2.5</loss><acc>9.5</acc>\n<metric name=\"loss\">2.25</metric>\n"
     "<epoch n=\"1\" val_loss=\"1.5\"/>\n",
     "loss@3=2.5 loss=2.25 val_loss=1.5"},
    {"a defaultdict",
     "losses: defaultdict(<class 'float'>, {'loss': 2.3, 'a': 1.5})\n"
     "defaultdict(<class 'list'>, {'loss': [2.3, 2.2], 'acc': [9.5]})\n",
     "losses.loss=2.3 losses.a=1.5 loss=2.3 loss=2.2"},
    {"words joined by capitals", "step 1 TrainLoss: 2.5 lossWeight: 9.5 ValError: 9.5\n",
     "TrainLoss@1=2.5"},
    {"metrics joined by capitals", "ValError: 2.5 learn_rate: 9.5 crossEntropy: 1.5\n",
     "ValError=2.5 crossEntropy=1.5"},
    {"a number before its name", "step 3: 9.5 ms, 2.31 loss, 9.5 LR\nlr 9.5 loss, 9 loss\n",
     "loss@3=2.31"},
    {"a dash", "dice_loss - 0.5, val_loss - 1.5\nloss - 7 epochs\n", "dice_loss=0.5 val_loss=1.5"},
    {"a score of the loss", "step 2/20 | loss 4.35 (-1.23z)| norm 1.7 (+0.5z)\n", "loss@2=4.35"},
    {"a rate of counts", "Step 50/ 1000; loss: 7.1; 1234/2345 tok/s;\n", "loss@50=7.1"},
    {"a bar behind a row",
     "Epoch  mem  box_loss  Size\n\r0/2  0G  0.25  640:  50%|##  | 4/8 [00:05<00:05]"
     "\r0/2  0G  0.5  640: 100%|####| 8/8 [00:10<00:00]\n",
     "box_loss@0:4=0.25 box_loss@0:8=0.5"},
    {"a bar that has more bytes than characters",
     "1/2 \342\224\201\342\224\201 loss: 2.345\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r2/2 "
     "\342\224\201\342\224\201 loss: 2.25\n",
     "loss@1=2.345 loss@2=2.25"},
    {"a bar that stays", "\r1/3 loss=2.5\r2/3 loss=2.5\r3/3 loss=2.5\n",
     "loss@1=2.5 loss@2=2.5 loss@3=2.5"},
    {"a bar that is drawn behind its step",
     "\r0/3 loss=2.5\r1/3 loss=2.5\r1/3 loss=2\r2/3 loss=2\r2/3 loss=2\r3/3 loss=2\n",
     "loss@0=2.5 loss@1=2 loss@2=2"},
    {"a step in brackets", "Loss(step=3)=2.5\nloss (epoch: 4): 1.5\n", "Loss@3=2.5 loss@4=1.5"},
    {"a step, then a value", "loss step=3 value=2.5\n", "loss@3=2.5"},
    {"another set in brackets", "loss: 2.5 (val: 1.5)\n", "loss=2.5 loss (val)=1.5"},
    {"another set in square brackets", "loss: 2.5 [val 1.5]\n", "loss=2.5 loss (val)=1.5"},
    {"the mean of an epoch", "loss epoch: 2.5\n", "loss@2.5=2.5"},
    {"a table of a decimal comma", "step;loss;lr\n1;2,345;0,1\n2;2,25;\n",
     "loss@1=2,345 loss@2=2,25"},
    {"joined by a comma", "loss: 2.5,1.5\nlosses: [2.5e-3,1.25]\n",
     "loss=2.5 loss #2=1.5 losses=2.5e-3 losses=1.25"},
    {"the end of a sentence", "The loss was 2.182. It is saved.\n", "The loss=2.182"},
    {"a tensor alone", "tensor(2.25)\nacc: tensor(0.5)\n", "tensor=2.25"},
    {"a cost", "cost 2.3\n", "cost=2.3"},
    {"a likelihood", "nll 2.3\n", "nll=2.3"},
    {"a loss of a group", "train/loss 2.3\n", "train/loss=2.3"},
    {"an epoch, then a colon", "Epoch 1: train loss 2.3\n", "train loss@1=2.3"},
    {"the last one", "final loss: 2.0\n", "final loss=2.0"},
    {"MindSpore's quickstart", "loss: 2.302088  [  0/938]\nloss: 2.290771  [100/938]\n",
     "loss@0=2.302088 loss@100=2.290771"},
    {"HF Trainer between the states of a bar",
     "\r  0%|  | 0/2 [00:00<?, ?it/s]\r 50%|# | 1/2 [00:01<00:01,  1.00s/it]"
     "\r                \r{'loss': 2.3026, 'grad_norm': 3.1, 'epoch': 0.5}\n"
     "\r 50%|# | 1/2 [00:01<00:01,  1.00s/it]\r100%|##| 2/2 [00:02<00:00,  1.00s/it]"
     "\r                \r{'loss': 2.2026, 'grad_norm': 3.2, 'epoch': 1.0}\n",
     "loss@0.5=2.3026 loss@1=2.2026"},
    {"JAX, alone", "3 Array(2.25, dtype=float32)\n", "Array=2.25"},
    {"labels of Prometheus",
     "train_loss{step=\"3\"} 2.5\ntrain_loss{step=\"4\",rank=\"0\"} 2.25 1700000000123\n",
     "train_loss@3=2.5 train_loss@4=2.25"},
    {"labels that are no step", "loss{rank=\"0\"} 2.5\nloss{rank=\"1\"} 2\n",
     "loss{rank=\"0\"}=2.5 loss{rank=\"1\"}=2"},
    {"a count of thousands", "Cost 9.87 * 12,345 @ 1,024 after 1,234,567\n", "Cost=9.87"},
    {"a number in brackets before a table",
     "[-----] Epoch   Train loss   Time cost (sec)\n[ 50% ]     1          2.5   0.01\n",
     "Train loss@1=2.5"},
    {"a line of dashes shows empty columns",
     "   time   speed  epoch  loss\n-- -----  -----  -----  ----\n   0.1 s             1  nan\n"
     "   0.2 s  9.5        2   2.5\n",
     "loss@1=nan loss@2=2.5"},
    {"a row by where its numbers end",
     "   timestamp duration  trees  loss\n1 2026-11-29  0.1 sec      1   2.5\n", "loss=2.5"},
    {"a row without its last columns", "  Iter   ELBO  notes\n   100   -2.5\n   200  -2.25  END\n",
     "ELBO@100=-2.5 ELBO@200=-2.25"},
    {"a head of norms",
     "  Iter  log prob  ||dx||  # evals  Notes \n     5      -2.5   0.125       8\n",
     "log prob@5=-2.5"},
    {"a head behind a mark of comments", "# step  rmse   lr\n0 2.5 0.1\n10 2.25 0.1\n",
     "rmse@0=2.5 rmse@10=2.25"},
    {"a value of a step",
     "Score at iteration 3 is 2.5\niter  10 value 2.25\nTrial 1 finished with value: 1.5\n",
     "Score@3=2.5 value@10=2.25 finished with value@1=1.5"},
    {"a value of another name",
     "{\"step\": 3, \"tag\": \"acc\", \"value\": 0.5}\nstep 3 F1 score: 0.5\nvalue: 0.5\n", ""},
    {"a word that names a step twice", "epoch 3 loss 2.5 (best epoch 2)\n", "loss@3=2.5"},
    {"a short word with its point", "Ep. 1 : Up. 200 : loss 2.5\nscale up 2 loss 2.25\n",
     "loss@1:200=2.5 loss=2.25"},
    {"no steps but times", "{\"step\": 3, \"loss\": 2.5, \"time\": {\"batch\": 0.125}}\n",
     "loss@3=2.5"},
    {"settings before the loss",
     "alpha_loss: 2.5 BoxScaleLoss=1.5 ent_coef_loss 0.5 time_loss 9.5\n",
     "alpha_loss=2.5 BoxScaleLoss=1.5 ent_coef_loss=0.5"},
    {"a time that is a cost", "time_cost: 9.5 step_cost: 2.5\n", "step_cost=2.5"},
    {"units", "loss 2.5 9.5 fps 9.5fps 9.5 minutes 9.5\302\265s 9.5ms/it 9.5 TFLOPS\n", "loss=2.5"},
    {"pairs", "[('loss', 2.5), ('acc', 9.5)]\n", "loss=2.5"},
    {"a remark", "Loss (CE) : 2.5 loss [incl. reg] = 2.25 loss (weight): 9.5 (mse)\n",
     "Loss=2.5 loss=2.25"},
    {"a number that each run has anew",
     "run_20261129 loss 2.5\nW0510 val loss: 2.25\n{\"job-4242\": {\"loss\": 1.5}}\nnet12 loss 1.25\n",
     "loss=2.5 val loss=2.25 loss=1.5 net12 loss=1.25"},
    {"a file's name", "val_loss reached 0.35 (best 0.35), saving to 'x-val_loss=0.35.ckpt'\n",
     "val_loss (to)=0.35 val_loss (best)=0.35 x-val_loss=0.35"},
    {"a place in a source", "modules/loss.py:536: UserWarning\nloss: 2.5\n", "loss=2.5"},
    {"wide characters", "loss\357\274\2322.5\357\274\214acc\357\274\2320.5\n", "loss=2.5"},
    {"no head, for it has a number", "Training  loss/train  iteration 10  value 2.5\n",
     "value@10=2.5"},
    {"the best so far", "Best val_loss So Far: 2.5\n", "Best val_loss=2.5"},
    {"a tag with a sign", "#metric: host=a, train loss <loss>=2.5\n", "loss=2.5"},
    {"a tensor where there is a loss", "tensor(2.25)\nstep 1 loss: 2.5\n", "loss@1=2.5"},
};

static void finds_each_form(void **state)
{
    char got[1024];
    (void)state;

    assert_true(sizeof forms / sizeof forms[0] >= 40);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        losses l = test_losses_of(forms[i].text, strlen(forms[i].text), NULL);
        show(&l, got, sizeof got);
        if (strcmp(got, forms[i].losses) != 0)
            fail_msg("%s: '%s', expected '%s'", forms[i].program, got, forms[i].losses);
        losses_free(&l);
    }
}

/* sklearn's SGD, one model per class: Epoch 1 begins again, and no model hides another. */
static void reads_models_one_after_another(void **state)
{
    char text[4096], expected[1024], got[1024];
    size_t n = 0, m = 0;
    losses l;
    (void)state;

    for (int k = 0; k < 10; k++) {
        for (int epoch = 1; epoch <= 2; epoch++) {
            n += (size_t)snprintf(text + n, sizeof text - n,
                                  "-- Epoch %d\nNorm: 1.20, NNZs: 3, Bias: 0.100000, T: %d, "
                                  "Avg. loss: %d.5%d\nTotal training time: 0.01 seconds.\n",
                                  epoch, epoch * 320, k, epoch);
            m += (size_t)snprintf(expected + m, sizeof expected - m, "%sAvg. loss@%d=%d.5%d",
                                  m > 0 ? " " : "", epoch, k, epoch);
        }
        n += (size_t)snprintf(text + n, sizeof text - n,
                              "Convergence after 2 epochs took 0.02 seconds\n");
    }
    l = test_losses_of(text, n, NULL);
    show(&l, got, sizeof got);
    assert_string_equal(got, expected);
    losses_free(&l);
}

/* ---- numbers ---- */

static void reads_numbers(void **state)
{
    static const struct {
        const char *text;
        double value;
        int digits;
    } numbers[] = {
        {"2.5", 2.5, 2},
        {"-1e-3", -1e-3, 1},
        {"2,3034", 2.3034, 5},
        {"1,234.5", 1234.5, 5},
        {"1.234,5", 1234.5, 5},
        {"1'234.5", 1234.5, 5},
        {"1,234,567", 1234567, 7},
        {"2.2D+01", 22, 2},
        {"0x1.8p+1", 3, 17},
        {".5", .5, 1},
        {"0.00250", 0.0025, 3},
        {"2.", 2, 1},
        {"2.30340392342394820394820394820398420394820394823094820394820394820394",
         2.3034039234239482, 69},
        {"inf", (double)INFINITY, 0},
        {"-Infinity", -(double)INFINITY, 0},
        {"1\xe2\x80\xaf"
         "234,5",
         1234.5, 5},
        {"1.5 x 10^-3", 1.5e-3, 2},
        {"1.5\303\22710^-3", 1.5e-3, 2},
        {"-2.5x10^-3", -2.5e-3, 2},
        {"2,5 * 10**+2", 250, 2},
        {"1.5 e-3", 1.5e-3, 2},
        {"2.5f0", 2.5, 2},
        {"2.5f-3", 2.5e-3, 2},
    };
    (void)state;

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char text[200];
        losses l;
        snprintf(text, sizeof text, "loss: %s\n", numbers[i].text);
        l = test_losses_of(text, strlen(text), NULL);
        if (l.n != 1 || l.v[0].value != numbers[i].value || l.v[0].digits != numbers[i].digits)
            fail_msg("%s: %zu, %.17g, %d digits", numbers[i].text, l.n, l.n > 0 ? l.v[0].value : 0,
                     l.n > 0 ? l.v[0].digits : 0);
        assert_int_equal(l.strange.n, 0);
        losses_free(&l);
    }
}

static void names_what_is_no_number(void **state)
{
    static const char *const texts[] = {
        "loss: 1/3\n",    "{\"loss\": 1.5e}\n", "loss: 1.2.3\n",
        "loss: 1.5 e3\n", "loss: 2.5 x 10 \n",  "loss: 2.5 \302\267 10\342\201\273\302\263\n"};
    (void)state;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        losses l = test_losses_of(texts[i], strlen(texts[i]), NULL);
        assert_int_equal(l.n, 1);
        assert_int_equal(l.strange.n, 1);
        assert_true(isnan(l.v[0].value));
        losses_free(&l);
    }
}

/* ---- nothing hides what follows ---- */

static void reads_behind_nul_and_long_lines(void **state)
{
    static const char nul[] = "loss: 1\n\0\nloss: 0.5\n";
    losses l = test_losses_of(nul, sizeof nul - 1, NULL);
    char *text = malloc(200100);
    (void)state;

    assert_int_equal(l.n, 2);
    assert_int_equal(l.v[1].line, 3);
    losses_free(&l);
    memset(text, 'x', 200000);
    strcpy(text + 200000, " loss: 2.3\n");
    l = test_losses_of(text, strlen(text), NULL);
    assert_int_equal(l.n, 1);
    losses_free(&l);
    free(text);
}

/* As a redirection of PowerShell writes it, and without its mark. */
static void reads_utf16(void **state)
{
    static const char ascii[] = "step 1 loss: 2.5\r\nstep 2 val\1loss: 1.5\n";
    static const char expected[] = "loss@1=2.5 loss@2=1.5";
    (void)state;

    for (size_t i = 0; i < 4; i++) {
        const size_t big = i & 1, mark = i & 2;
        char text[2 * sizeof ascii] = {0}, got[200];
        losses l;
        memcpy(text, big ? "\xfe\xff" : "\xff\xfe", mark);
        for (size_t k = 0; k + 1 < sizeof ascii; k++) {
            text[mark + 2 * k + big] = ascii[k] == '\1' ? '\x14' : ascii[k];
            text[mark + 2 * k + !big] = ascii[k] == '\1' ? '\x20' : '\0'; /* a dash, U+2014 */
        }
        l = test_losses_of(text, mark + 2 * (sizeof ascii - 1), NULL);
        show(&l, got, sizeof got);
        assert_string_equal(got, expected);
        losses_free(&l);
    }
}

/* Columns beyond those that are read may be losses: the head is named. */
static void reads_wide_tables(void **state)
{
    static const struct {
        int columns;
        size_t found, unread;
    } tables[] = {{70, 1, 0}, {255, 1, 0}, {256, 0, 1}, {1000, 0, 1}};
    char *const text = malloc(20000);
    (void)state;

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        size_t n = 0;
        losses l;
        for (int k = 0; k < tables[i].columns; k++)
            n += (size_t)sprintf(text + n, "%c%c,", 'a' + k % 26, 'a' + k / 26 % 26);
        n += (size_t)sprintf(text + n, "loss\n");
        for (int k = 0; k < tables[i].columns; k++)
            n += (size_t)sprintf(text + n, "0.5,");
        n += (size_t)sprintf(text + n, "2.5\n");
        l = test_losses_of(text, n, NULL);
        assert_int_equal(l.n, tables[i].found);
        assert_int_equal(l.unread.n, tables[i].unread);
        losses_free(&l);
    }
    free(text);
}

/* All of a long line, whatever is between them. */
static void reads_many_of_a_line(void **state)
{
    static const char *const parts[] = {"1.5, ", "loss: 1.5 ", "tensor(1.5) ",
                                        "tensor(1.5, grad_fn=<A>), "};
    const size_t n = 20000;
    char *const text = malloc(n * 30 + 100);
    (void)state;

    for (size_t i = 0; i < 4; i++) {
        const size_t size = strlen(parts[i]);
        size_t at = (size_t)sprintf(text, "%s", i == 0 || i == 3 ? "losses: [" : "");
        losses l;
        for (size_t k = 0; k < n; k++, at += size)
            memcpy(text + at, parts[i], size + 1);
        l = test_losses_of(text, at, NULL);
        assert_int_equal(l.n, n);
        losses_free(&l);
    }
    free(text);
}

/* Each takes time that grows with its length alone: the square would outlast the test's limit. */
static void reads_what_repeats(void **state)
{
    static const char *const parts[] = {"loss: <",  "tensor( ", "loss: tensor(1, ", "2\b34",
                                        "x: 3/10 ", "[rank",    "{\"a\":",          "name=loss,",
                                        "</loss",   "<class ",  "1.5 loss, ",       "loss(3",
                                        "value=",   "aB"};
    enum { N = 100000 };
    (void)state;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const size_t n = strlen(parts[i]);
        char *text = malloc(N * n + 20);
        losses l;
        for (size_t k = 0; k < N; k++)
            memcpy(text + k * n, parts[i], n);
        strcpy(text + N * n, "\nloss: 2.5\n");
        l = test_losses_of(text, N * n + 11, NULL);
        assert_string_equal(l.v[l.n - 1].text, "2.5");
        losses_free(&l);
        free(text);
    }
}

static size_t unread_of(const char *text)
{
    losses l = test_losses_of(text, strlen(text), NULL);
    const size_t n = l.unread.n;

    assert_int_equal(n > 0 ? l.unread.number[0] : 1, 1);
    losses_free(&l);
    return n;
}

static void says_which_lines_were_not_read(void **state)
{
    static const char *const unread[] = {"no loss 7 found\n",
                                         "loss: 2.5 3.5xx\n",
                                         "a loss of 1.5 and loss: 2.5\n",
                                         "loss: 2.5, Loss CE) : 9.5\n",
                                         "loss: 2.5(1.5)\n",
                                         "loss: 2.5[1.5]\n",
                                         "loss: 2.5{1.5}\n",
                                         "loss: 2.5<1.5>\n",
                                         "loss: 2.5(1)e-3\n",
                                         "loss: 2.5 [1.5]\n",
                                         "loss: 2.5, (1.5)\n",
                                         "loss: 2.5 (train) 1.5 (val)\n",
                                         "loss: 2.5 [val] 1.5\n",
                                         "loss: 2.5 and 1.5\n",
                                         "loss: 2.5 vs 1.5\n",
                                         "loss: 2.5 to 1.5\n",
                                         "loss: 2.5 = 1.5\n",
                                         "loss: 2.5 % 1.5\n",
                                         "loss: 2.5 \303\227 1.5\n",
                                         "loss: 2.5 & 1.5\n",
                                         "loss: 2.5 \342\206\223 1.5\n",
                                         "loss: [2.5, 2.4, x 2.3]\n",
                                         "loss: 2.5 * 1,234.5\n",
                                         "loss: 2,5 * 12,345\n"};
    static const char *const read[] = {"loss: 2.5 1.2s\n",
                                       "loss: 2.5 12.5 it/s\n",
                                       "loss: 2.5, acc: 0.5\n",
                                       "loss: 2.5 | lr 0.1\n",
                                       "loss: 2.5 [ 64/60000]\n",
                                       "loss: 2.5 [00:05<00:10, 8.1it/s]\n",
                                       "loss: 2.5 (12.5%)\n",
                                       "loss: 2.5 (7 samples)\n",
                                       "loss: 2.5 (0.5s)\n",
                                       "loss: 2.5 (1.5)\n",
                                       "loss: 2.5  (1.5)\n",
                                       "loss: 2.5 (-1.5z)\n",
                                       "loss: 2.5+-0.01\n",
                                       "loss: 2.5 3.5GB\n",
                                       "loss: 2.5 12.5ms/it\n",
                                       "forward: 12.3ms, loss: 0.5ms\n",
                                       "loss_scale: 4096.0\nreducing loss scale to 2048.5\n",
                                       "loss: 2.5 * 12,345 @ 1,024\n",
                                       "#  LOSS NER2  LOSS TAG2\n",
                                       "No Obj: 0.5, .5R: 0.0, count: 3\nstep 1 loss: 2.5\n",
                                       "Training loss:\n3/10 loss 2.5\n",
                                       "loss weight: 0.5, no loss, acc 0.5; loss: 2.5\n"};
    losses l;
    (void)state;

    for (size_t i = 0; i < sizeof unread / sizeof *unread; i++)
        assert_int_equal(unread_of(unread[i]), 1);
    for (size_t i = 0; i < sizeof read / sizeof *read; i++)
        assert_int_equal(unread_of(read[i]), 0);
    l = test_losses_of("loss:\n2.5 1.5\nloss: 2.5\n", 24, NULL);
    assert_int_equal(l.unread.n, 1);
    assert_int_equal(l.unread.number[0], 2);
    losses_free(&l);
    l = test_losses_of("row | epoch  loss\n1 | 1  2.5\n", 29, NULL);
    assert_int_equal(l.unread.n, 1); /* two columns in one */
    losses_free(&l);
    l = test_losses_of("loss:\n[1] 2.5 2.25\n", 20, NULL);
    assert_int_equal(l.unread.n, 1);
    losses_free(&l);
    l = test_losses_of("step loss\n1 3 2.5\n", 18, NULL);
    assert_int_equal(l.unread.n, 1); /* which of the three has no name? */
    losses_free(&l);
    l = test_losses_of("a cost of 1.5\nerror: 2.5 (1.5xx)\ncost: 2.5 3.5xx\n", 48, NULL);
    assert_int_equal(l.unread.n, 2); /* metrics, where there is no loss */
    assert_int_equal(l.unread.number[0], 2);
    losses_free(&l);
}

static void knows_running_means(void **state)
{
    const char *text = "2/2 - 0s 3ms/step - loss: 2.20 - val_loss: 2.1\navg loss: 2\n";
    static const char *const means[] = {
        "[1,  2000] loss: 2.2\n", "train_loss_epoch=2.5\n", "1/2 [==>...] - ETA: 0s - loss: 2.30\n",
        "10/10 - 1s - loss: 2.3 - acc: 0.5\n", "{'train_runtime': 12.3, 'train_loss': 2.25}\n"};
    losses l = test_losses_of(text, strlen(text), NULL);
    (void)state;

    assert_int_equal(l.n_series, 3);
    assert_true(l.series[0].mean);
    assert_false(l.series[1].mean);
    assert_true(l.series[2].mean);
    losses_free(&l);
    for (size_t i = 0; i < sizeof means / sizeof means[0]; i++) {
        l = test_losses_of(means[i], strlen(means[i]), NULL);
        assert_int_equal(l.n, 1);
        assert_true(l.series[0].mean);
        losses_free(&l);
    }
}

/* ---- [7] at the begin of a line ---- */

static void knows_steps_from_processes(void **state)
{
    static const struct {
        const char *text, *losses;
    } logs[] = {
        {"[0] loss: 3\n[1] loss: 2\n[2] loss: 1\n", "loss@0=3 loss@1=2 loss@2=1"},
        {"[10] loss: 3\n[20] loss: 2\n[25] loss: 1\n", "loss@10=3 loss@20=2 loss@25=1"},
        {"[0] loss: 3\n[1] loss: 2\n[0] loss: 3\n[1] loss: 2\n",
         "loss@0=3 loss@1=2 loss@0=3 loss@1=2"},
        {"[5] loss: 3\n[6] loss: 2\n", "loss@5=3 loss@6=2"},
        {"[4242] loss: 3\n", "loss=3"},
        {"[4242] loss: 3\n[4242] loss: 2\n", "loss=3 loss=2"},
        {"4242: loss: 3\n4242: loss: 2\n", "loss=3 loss=2"},
        {"[4242] loss: 3\n[4243] loss: 3\n[4242] loss: 2\n", "loss=3 loss=3 loss=2"},
        {"[0] step 7 loss: 3\n[0] step 8 loss: 2\n", "loss@7=3 loss@8=2"},
        {"[3] loss: 3\n[4] loss: 2\n[7] loss: 1\n[8] loss: 1\n", "loss=3 loss=2 loss=1 loss=1"},
        {"[1701234567] loss: 3\n[1701234568] loss: 2\n", "loss=3 loss=2"},
    };
    char got[1024];
    (void)state;

    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        losses l = test_losses_of(logs[i].text, strlen(logs[i].text), NULL);
        show(&l, got, sizeof got);
        assert_string_equal(got, logs[i].losses);
        losses_free(&l);
    }
}

/* ---- iterations 1 and 2 ---- */

static void counts_iterations(void **state)
{
    static const struct {
        const char *text;
        int iterations;
    } logs[] = {
        {"loss: 3\nloss: 2\n", 2},
        {"step 0 loss: 3\nstep 1 loss: 2\n", 2},
        {"epoch 1 step 1 loss: 3\nepoch 1 step 2 loss: 2\n", 2},
        {"step 1 loss: 3\nstep 3 loss: 2\n", 1},
        {"step 10 loss: 3\nstep 20 loss: 2\n", 0},
        {"\r1/9 loss: 3\r9/9 loss: 2\n", 1},
        {"\r10%| loss: 3\r20%| loss: 2\n", 0},
        {"\r0%| loss: 3\r1%| loss: 2\n", 0},
        {"\rloss: 3\rloss: 2\n", 0},
        {"epoch 1 loss: 3\nepoch 2 loss: 2\n", 0},
    };
    (void)state;

    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        losses l = test_losses_of(logs[i].text, strlen(logs[i].text), NULL);
        assert_int_equal(l.n, 2);
        if (losses_iterations(&l.v[0], &l.v[1]) != logs[i].iterations)
            fail_msg("%s: %d", logs[i].text, losses_iterations(&l.v[0], &l.v[1]));
        losses_free(&l);
    }
}

/* ---- patterns ---- */

static void takes_every_match_and_group(void **state)
{
    const char *text = "a 1.5 b 2.5 a 3.5 b 4.5\n";
    losses l = test_losses_of(text, strlen(text), "a ([0-9.]+) b ([0-9.]+)");
    (void)state;

    assert_int_equal(l.n, 4);
    assert_true(l.v[3].value == 4.5);
    losses_free(&l);
}

/* ---- proposals ---- */

/* What is proposed where nothing is found reads the numbers, when it is copied. */
static void proposes_what_reads(void **state)
{
    static const struct {
        const char *text, *values;
    } logs[] = {
        {"2.302585\n2.25\n-2.125\n", "2.302585 2.25 -2.125"},
        {" 2.5\n-2.25\n 1e-05\nnan\n", "2.5 -2.25 1e-05 nan"},
        {"0 2.302585\n10 2.25\n", "2.302585 2.25"},
        {"quality: 2.5\nquality: -2.25\n", "2.5 -2.25"},
        {"found 3 files\nq -> -2.5\nq -> 2.25.\n", "-2.5 2.25"},
        {"version 1.5 of it\nstep0 2.5\nstep1 2.25\n", "2.5 2.25"},
        {"[ 2.5 -1.5  2. ]\n[-0.5 1.5e-05 2. ]\n", "2.5 -1.5 2. -0.5 1.5e-05 2."},
        {"2026-11-29 17:59:01,123 INFO root: quality 2.5\n", "2.5"},
        {"acc 0.5 quality 2.5 0.3s\nacc 0.75 quality 1.5 0.4s\n", "0.5 2.5 0.75 1.5"},
        {"quality 0x1.8p+1\nquality -0x1.4p+0\n", "0x1.8p+1 -0x1.4p+0"},
        {"quality 2,5\n", "2,5"},
        {"(2.5, 1.25)\n", "2.5 1.25"},
        {"no loss 7 found\n", "7"},
        {"step 3 bits 3ff0ab\nepoch: 2 bits 3ff0ac\n", ""},
        {"ab 7 cd 12\n", "12"},
        {"10%|#  | 1/10 [00:00<00:01, 8.1it/s]\n12:30:05 2026-11-29 0.5s 3GB v1.2\n", ""},
    };
    (void)state;

    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        losses l = test_losses_of(logs[i].text, strlen(logs[i].text), NULL), again = {0};
        const loss_form *form = losses_proposal(&l);
        char got[200] = "";
        assert_int_equal(l.n, 0);
        if (form != NULL)
            again = test_losses_of(logs[i].text, strlen(logs[i].text), form->pattern);
        for (size_t k = 0; k < again.n; k++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", k > 0 ? " " : "",
                     again.v[k].text);
        if (strcmp(got, logs[i].values) != 0)
            fail_msg("%s: '%s', expected '%s', by %s", logs[i].text, got, logs[i].values,
                     form != NULL ? form->pattern : "nothing");
        losses_free(&l);
        losses_free(&again);
    }
}

/* Harmless ones, each a little beyond a limit. */
static void refuses_patterns_that_grow(void **state)
{
    char longer[1100] = "(";
    (void)state;

    memset(longer + 1, 'a', 1000);
    strcat(longer, ")");
    assert_int_equal(losses_check_pattern(longer), 2);
    assert_int_equal(losses_check_pattern("(a{200}){101}"), 2);
    assert_int_equal(losses_check_pattern("((((((((((((((((((a))))))))))))))))))"), 2);
    assert_int_equal(losses_check_pattern("(a)\\1"), 2);
    assert_int_equal(losses_check_pattern("(a{20}){10}"), 0);
}

/* ---- two runs ---- */

static void compares(void **state)
{
    static const struct {
        const char *a, *b;
        losses_verdict verdict;
        size_t compared;
    } runs[] = {
        /* ranks print as they come */
        {"[0] loss 2.5\n[1] loss 2.25\n[0] loss 1.5\n[1] loss 1.25\n",
         "[0] loss 2.5\n[1] loss 2.25\n[1] loss 1.25\n[0] loss 1.5\n", LOSSES_EQUAL, 4},
        {"[0] loss 2.5\n[1] loss 2.25\n[0] loss 1.5\n[1] loss 1.25\n",
         "[0] loss 2.5\n[1] loss 2.25\n[1] loss 1.5\n[0] loss 1.25\n", LOSSES_OTHER_VALUE, 4},
        {"[rank0]: loss: 2.5\n[rank1]: loss: 1.5\n", "[rank1]: loss: 1.5\n[rank0]: loss: 2.5\n",
         LOSSES_EQUAL, 2},
        {"[rank0]: loss: 2.5\n[rank1]: loss: 1.5\n", "[rank1]: loss: 2.5\n[rank0]: loss: 1.5\n",
         LOSSES_OTHER_VALUE, 2},
        {"rank 0: step 3 loss 2.5\nrank 1: step 3 loss 1.5\n",
         "rank 1: step 3 loss 1.5\nrank 0: step 3 loss 2.5\n", LOSSES_EQUAL, 2},
        {"rank 0 | loss 2.5\nloss: 1.5 on rank 1\n", "loss: 1.5 on rank 1\nrank 0 | loss 2.5\n",
         LOSSES_EQUAL, 2},
        {"cuda:0: loss 2.5\ncuda:1 loss 1.5\n", "cuda:1 loss 1.5\ncuda:0: loss 2.5\n", LOSSES_EQUAL,
         2},
        {"node0: step 1 loss 2.5\nnode1: step 1 loss 1.5\n",
         "node1: step 1 loss 2.5\nnode0: step 1 loss 1.5\n", LOSSES_OTHER_VALUE, 2},
        {"1.2.3%| loss 2.5\n", "1.2.3%| loss 2.5\n", LOSSES_EQUAL, 1}, /* it compared for ever */
        {"process 4242: loss 2.5\n", "process 4250: loss 2.5\n", LOSSES_EQUAL, 1},
        {"[1,0]<stdout>:loss: 2.5\n[1,1]<stdout>:loss: 1.5\n",
         "[1,1]<stdout>:loss: 1.5\n[1,0]<stdout>:loss: 2.5\n", LOSSES_EQUAL, 2},
        {"[GPU0] Epoch 1\n[GPU1] Epoch 1\n[GPU0] loss 2.5\n[GPU0] Epoch 2\n[GPU1] loss 1.5\n",
         "[GPU1] Epoch 1\n[GPU0] Epoch 1\n[GPU1] loss 1.5\n[GPU0] loss 2.5\n[GPU0] Epoch 2\n",
         LOSSES_EQUAL, 2},
        {"10%| loss=2.30\r20%| loss=2.20\n", "10%| loss=2.30\r20%| loss=9.99\n", LOSSES_OTHER_VALUE,
         2},
        {"1/9 loss: 2.0\n5/9 loss: 1.5\n9/9 loss: 1.0\n",
         "1/9 loss: 2.0\n4/9 loss: 1.7\n9/9 loss: 1.0\n", LOSSES_EQUAL, 2},
        {"1/9 loss: 2.0\n9/9 loss: 1.0\n", "1/9 loss: 2.0\n8/9 loss: 1.0\n", LOSSES_OTHER_END, 1},
        {"step 1 loss 2.1\nstep 2 loss 2.2\n", "step 2 loss 2.2\nstep 3 loss 2.3\n",
         LOSSES_OTHER_BEGIN, 1},
        {"loss: 1.5\nloss: 1.5\n", "loss: 1.5\n", LOSSES_OTHER_END, 1},
        {"step 1 loss 2.5\nstep 2 loss 2.4\nstep 3 loss 2.3\n",
         "step 1 loss 2.5\nstep 3 loss 2.3\n", LOSSES_OTHER_END, 2}, /* no bar, a step is lost */
        {"loss: 1.5\n", "loss: 1.5\nval_loss: 1\n", LOSSES_OTHER_SERIES, 1},
        {"train loss 2.3 val loss 2.4\n", "train loss 2.3 val loss 9.4\n", LOSSES_OTHER_VALUE, 2},
        {"[4242] loss: 1.5\n[4242] loss: 1.25\n", "[4250] loss: 1.5\n[4250] loss: 1.25\n",
         LOSSES_EQUAL, 2},
        {"[4242] loss: 1.5\n[4242] loss: 1.25\n", "[4250] loss: 1.5\n[4250] loss: 1.26\n",
         LOSSES_OTHER_VALUE, 2},
        {"[1] loss 2.1\n[2] loss 2.2\n", "[3] loss 2.1\n[4] loss 2.2\n", LOSSES_OTHER_BEGIN, 0},
        /* a bar that stays is compared at each step, and drawn behind its step it is not more */
        {"\r1/3 loss=2.5\r2/3 loss=2.5\r3/3 loss=2.5\n",
         "\r1/3 loss=2.5\r2/3 loss=2.6\r3/3 loss=2.5\n", LOSSES_OTHER_VALUE, 3},
        {"\r0/2 loss=2.5\r1/2 loss=2.5\r1/2 loss=2\r2/2 loss=2\n",
         "\r0/2 loss=2.5\r1/2 loss=2\r2/2 loss=2\n", LOSSES_EQUAL, 3},
        /* a row with a bar behind it is printed when there is time */
        {"Epoch  a_loss  Size\n\r0/2  3  640:  50%|# | 1/4 [0<0]\r0/2  2  640: 100%|##| 4/4 [1<0]\n",
         "Epoch  a_loss  Size\n\r0/2  2.5  640:  50%|# | 2/4 [0<0]\r0/2  2  640: 100%|##| 4/4 [1<0]\n",
         LOSSES_EQUAL, 1},
        /* a bar of two epochs that is printed when there is time */
        {"\r1/3 loss=3.5\r3/3 loss=2.5\n\r2/3 loss=1.5\r3/3 loss=1.25\n",
         "\r2/3 loss=3\r3/3 loss=2.5\n\r1/3 loss=1.75\r3/3 loss=1.25\n", LOSSES_EQUAL, 2},
    };
    (void)state;

    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        losses a = test_losses_of(runs[i].a, strlen(runs[i].a), NULL),
               b = test_losses_of(runs[i].b, strlen(runs[i].b), NULL);
        losses_comparison c;
        losses_compare(&a, &b, &c);
        if (c.verdict != runs[i].verdict || c.compared != runs[i].compared)
            fail_msg("%s: %d, %zu compared", runs[i].b, (int)c.verdict, c.compared);
        losses_comparison_free(&c);
        losses_free(&a);
        losses_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_each_form),
        cmocka_unit_test(reads_models_one_after_another),
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(names_what_is_no_number),
        cmocka_unit_test(reads_behind_nul_and_long_lines),
        cmocka_unit_test(reads_utf16),
        cmocka_unit_test(reads_wide_tables),
        cmocka_unit_test(reads_many_of_a_line),
        cmocka_unit_test(reads_what_repeats),
        cmocka_unit_test(says_which_lines_were_not_read),
        cmocka_unit_test(knows_running_means),
        cmocka_unit_test(knows_steps_from_processes),
        cmocka_unit_test(counts_iterations),
        cmocka_unit_test(takes_every_match_and_group),
        cmocka_unit_test(proposes_what_reads),
        cmocka_unit_test(refuses_patterns_that_grow),
        cmocka_unit_test(compares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
